# perl client.pl SOCKET KEY-FILE          Protocol::HTTP2, Debian's libprotocol-http2-perl
use strict;
use warnings;
use IO::Socket::UNIX;
use JSON::PP;
use Protocol::HTTP2::Client;

binmode STDOUT, ':utf8';
my ($path, $file) = @ARGV;
open my $handle, '<', $file or die "$file: $!\n";
chomp(my $key = <$handle>);
my $socket = IO::Socket::UNIX->new(Peer => $path) or die "$path: $!\n";
my $orders;
my $relay = Protocol::HTTP2::Client->new->request(
    ':scheme' => 'http', ':authority' => 'localhost', ':method' => 'GET', ':path' => '/v1/orders?limit=2',
    headers => [authorization => "Bearer $key"],
    on_done => sub {
        my ($fields, $body) = @_;
        my %field = @$fields;
        die "$field{':status'}: $body\n" if $field{':status'} != 200;
        $orders = decode_json($body);
    },
);
until ($orders) {
    while (my $frame = $relay->next_frame) { syswrite $socket, $frame }
    sysread $socket, my $bytes, 65536 or die "Relay has closed the connection\n";
    $relay->feed($bytes);
}
print "$_->{id} $_->{title}\n" for @$orders;
