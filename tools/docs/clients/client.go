// go run client.go SOCKET KEY-FILE          golang.org/x/net/http2, or Debian's golang-golang-x-net-dev
package main

import (
	"crypto/tls"
	"encoding/json"
	"fmt"
	"log"
	"net"
	"net/http"
	"os"
	"strings"

	"golang.org/x/net/http2"
)

func main() {
	key, err := os.ReadFile(os.Args[2])
	if err != nil {
		log.Fatal(err)
	}
	relay := http.Client{Transport: &http2.Transport{
		AllowHTTP: true, // HTTP/2 without TLS
		DialTLS: func(_, _ string, _ *tls.Config) (net.Conn, error) {
			return net.Dial("unix", os.Args[1])
		},
	}}
	request, _ := http.NewRequest("GET", "http://localhost/v1/orders?limit=2", nil)
	request.Header.Set("Authorization", "Bearer "+strings.TrimSpace(string(key)))
	answer, err := relay.Do(request)
	if err != nil {
		log.Fatal(err)
	}
	defer answer.Body.Close()
	if answer.StatusCode != 200 {
		log.Fatal(answer.Status)
	}
	var orders []struct {
		ID    int
		Title string
	}
	if err := json.NewDecoder(answer.Body).Decode(&orders); err != nil {
		log.Fatal(err)
	}
	for _, order := range orders {
		fmt.Println(order.ID, order.Title)
	}
}
