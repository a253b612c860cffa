<?php
// php client.php SOCKET KEY-FILE          with php-curl
[, $socket, $file] = $argv;
$curl = curl_init('http://localhost/v1/orders?limit=2');
curl_setopt_array($curl, [
    CURLOPT_UNIX_SOCKET_PATH => $socket,
    CURLOPT_HTTP_VERSION => CURL_HTTP_VERSION_2_PRIOR_KNOWLEDGE,
    CURLOPT_HTTPHEADER => ['Authorization: Bearer ' . trim(file_get_contents($file))],
    CURLOPT_RETURNTRANSFER => true,
    CURLOPT_FORBID_REUSE => true, // only for libcurl 7.88, which Debian 12 has
]);
$body = curl_exec($curl);
if (curl_getinfo($curl, CURLINFO_RESPONSE_CODE) !== 200) {
    fwrite(STDERR, curl_error($curl) . "$body\n");
    exit(1);
}
foreach (json_decode($body) as $order) {
    echo "$order->id $order->title\n";
}
