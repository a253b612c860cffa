# ruby client.rb SOCKET KEY-FILE          the gem async-http, Debian's ruby-async-http
require 'async'
require 'async/http'
require 'async/io/unix_endpoint'
require 'json'

socket, file = ARGV
key = File.read(file).strip
Async do
  relay = Async::HTTP::Client.new(
    Async::IO::Endpoint.unix(socket), protocol: Async::HTTP::Protocol::HTTP2, scheme: 'http', authority: 'localhost')
  answer = relay.get('/v1/orders?limit=2', [['authorization', "Bearer #{key}"]])
  body = answer.read
  abort "#{answer.status}: #{body}" unless answer.success?
  JSON.parse(body).each { |order| puts "#{order['id']} #{order['title']}" }
ensure
  relay&.close
end
