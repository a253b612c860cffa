# curl.sh SOCKET KEY-FILE
curl --http2-prior-knowledge --unix-socket "$1" --silent --show-error --fail-with-body \
    --header "Authorization: Bearer $(cat "$2")" 'http://localhost/v1/orders?limit=2'
