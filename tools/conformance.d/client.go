// What a client can do that openapi-generator made for Go.
//
// usage: client URL KEY
package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strconv"

	"relay/relay"
)

func expect(condition bool, what string, values ...any) {
	if !condition {
		fmt.Fprintf(os.Stderr, "openapi-generator's Go client: %s %v\n", what, values)
		os.Exit(1)
	}
}

func main() {
	configuration := relay.NewConfiguration()
	configuration.Servers = relay.ServerConfigurations{{URL: os.Args[1]}}
	client := relay.NewAPIClient(configuration)
	ctx := context.WithValue(context.Background(), relay.ContextAccessToken, os.Args[2])

	page, answer, err := client.OrdersAPI.GetOrders(ctx).Limit(3).Offset(2).Execute()
	expect(err == nil && len(page) == 3 && page[0].Id == 3, "getOrders:", page, err)
	total, _ := strconv.Atoi(answer.Header.Get("X-Total-Count"))
	expect(total > 100, "its fields:", answer.Header)

	order := relay.NewOrderCreation("Heizung ausgefallen")
	made, _, err := client.OrdersAPI.CreateOrder(ctx).OrderCreation(*order).IdempotencyKey("openapi-generator-go").Execute()
	expect(err == nil && made.HasId(), "createOrder:", made, err)
	id := made.GetId()
	read, answer, err := client.OrdersAPI.GetOrder(ctx, id).Execute()
	expect(err == nil && read.Title == "Heizung ausgefallen", "the new order:", read, err)

	statuses := []relay.OrderStatus{relay.ORDERSTATUS_DECLINED, relay.ORDERSTATUS_FINISHED}
	listed, _, err := client.OrdersAPI.GetOrders(ctx).Status(statuses).Limit(5).Execute()
	expect(err == nil && len(listed) > 0, "getOrders by status:", listed, err)
	for _, entry := range listed {
		expect(entry.Status == statuses[0] || entry.Status == statuses[1], "a status:", entry.Status)
	}

	patch := relay.NewOrderPatch()
	patch.SetStatus(relay.ORDERSTATUS_IN_PROGRESS)
	update := func() (*http.Response, error) {
		_, answer, err := client.OrdersAPI.UpdateOrder(ctx, id).OrderPatch(*patch).IfMatch(answer.Header.Get("ETag")).Execute()
		return answer, err
	}
	_, err = update()
	expect(err == nil, "updateOrder:", err)
	late, err := update()
	expect(err != nil && late.StatusCode == 412, "updateOrder with an old tag:", late, err)

	content := bytes.Repeat([]byte("0123456789\r\n--x\x00\xff"), 20_000)
	path := filepath.Join(os.TempDir(), "Foto 1.bin")
	expect(os.WriteFile(path, content, 0o600) == nil, "a file to upload")
	defer os.Remove(path)
	file, err := os.Open(path)
	expect(err == nil, "the file:", err)
	_, _, err = client.OrdersAPI.CreateOrderComment(ctx, id).
		Text("Fotos").AuthorName("Jana").Files([]*os.File{file}).Execute()
	expect(err == nil, "createOrderComment:", err)

	comments, _, err := client.OrdersAPI.GetOrderComments(ctx, id).Execute()
	expect(err == nil && len(comments) == 1 && len(comments[0].Attachments) == 1, "getOrderComments:", comments, err)
	attachment := comments[0].Attachments[0]
	expect(attachment.Name == "Foto 1.bin", "the attachment:", attachment)
	download, _, err := client.AttachmentsAPI.GetAttachment(ctx, *attachment.Id).Execute()
	expect(err == nil, "getAttachment:", err)
	defer os.Remove(download.Name())
	read2, err := io.ReadAll(download)
	expect(err == nil && bytes.Equal(read2, content), "its bytes:", len(read2), err)
	fmt.Println("openapi-generator's Go client lists, creates, patches, uploads and downloads")
}
