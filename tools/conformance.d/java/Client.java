// What a client can do that openapi-generator made for Java: compiled beside the client, over java.net.http.
//
// usage: java Client URL KEY

import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.OffsetDateTime;
import java.util.Arrays;
import java.util.List;
import relay.ApiClient;
import relay.ApiException;
import relay.ApiResponse;
import relay.api.AttachmentsApi;
import relay.api.OrdersApi;
import relay.model.Attachment;
import relay.model.NewOrder;
import relay.model.Order;
import relay.model.OrderPatch;
import relay.model.OrderStatus;

public class Client {
    static void expect(boolean condition, Object... what) {
        if (condition) return;
        System.err.println("openapi-generator's Java client: " + Arrays.toString(what));
        System.exit(1);
    }

    static ApiResponse<List<Order>> list(OrdersApi orders, List<OrderStatus> status, int limit, Long offset)
            throws ApiException {
        return orders.getOrdersWithHttpInfo(
                null, status, null, null, null, null, null, null, null, null, null, limit, offset, null, null, null);
    }

    public static void main(String[] arguments) throws Exception {
        ApiClient client = new ApiClient();
        client.updateBaseUri(arguments[0]);
        client.setRequestInterceptor(request -> request.header("Authorization", "Bearer " + arguments[1]));
        OrdersApi orders = new OrdersApi(client);

        ApiResponse<List<Order>> page = list(orders, null, 3, 2L);
        expect(page.getData().size() == 3 && page.getData().get(0).getId() == 3, "getOrders:", page.getData());
        int total = Integer.parseInt(page.getHeaders().get("x-total-count").get(0));
        expect(total > 100, "its fields:", page.getHeaders());

        String title = "Heizung ausgefallen";
        OffsetDateTime due = OffsetDateTime.parse("2025-03-30T01:30:00+01:00");
        NewOrder creation = new NewOrder().title(title).dueDate(due);
        Long id = orders.createOrder(creation, null, "openapi-generator-java", null, null).getId();
        ApiResponse<Order> read = orders.getOrderWithHttpInfo(id, null, null);
        expect(read.getData().getTitle().equals(title), "the new order:", read.getData());
        expect(read.getData().getDueDate().isEqual(due), "its due date:", read.getData());

        List<OrderStatus> status = List.of(OrderStatus.DECLINED, OrderStatus.FINISHED);
        List<Order> listed = list(orders, status, 5, null).getData();
        expect(!listed.isEmpty() && listed.stream().allMatch(entry -> status.contains(entry.getStatus())), "by status:", listed);

        String tag = read.getHeaders().get("etag").get(0);
        OrderPatch patch = new OrderPatch().status(OrderStatus.IN_PROGRESS);
        orders.updateOrder(id, patch, null, tag, null);
        expect(orders.getOrder(id, null, null).getStatus() == OrderStatus.IN_PROGRESS, "the patched order");
        try {
            orders.updateOrder(id, patch, null, tag, null);
            expect(false, "updateOrder with an old tag is taken");
        } catch (ApiException refusal) {
            expect(refusal.getCode() == 412, "updateOrder with an old tag:", refusal);
        }

        byte[] content = new byte[200_000];
        for (int index = 0; index < content.length; index++) content[index] = (byte) (index % 251);
        Path folder = Files.createTempDirectory("relay");
        File file = Files.write(folder.resolve("Foto 1.bin"), content).toFile();
        orders.createOrderComment(id, "Fotos", "Jana", null, null, null, null, null, List.of(file));
        List<Attachment> attachments = orders.getOrderComments(id, null, null, null, null, null).get(0).getAttachments();
        expect(attachments.size() == 1 && attachments.get(0).getName().equals("Foto 1.bin"), "the attachment:", attachments);
        File download = new AttachmentsApi(client).getAttachment(attachments.get(0).getId(), null, null, null, null);
        expect(Arrays.equals(Files.readAllBytes(download.toPath()), content), "its bytes");
        for (File each : List.of(download, file, folder.toFile())) expect(each.delete(), "it is removed:", each);
        System.out.println("openapi-generator's Java client lists, creates, patches, uploads and downloads");
    }
}
