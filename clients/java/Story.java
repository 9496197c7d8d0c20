// The story, told with what openapi-generator generates for Java (library native).

import aftersales.api.AfterSalesEntryApi;
import aftersales.api.ApplicationsApi;
import aftersales.api.OrdersApi;
import aftersales.api.OrdersApi.APIGetOrderRequest;
import aftersales.api.OrdersApi.APIListOrdersRequest;
import aftersales.api.TicketsApi;
import aftersales.api.TicketsApi.APIListTicketsRequest;
import aftersales.client.ApiClient;
import aftersales.client.ApiException;
import aftersales.client.ApiResponse;
import aftersales.model.AfterSalesEntryDetail;
import aftersales.model.CashOnDelivery;
import aftersales.model.OnlinePayment;
import aftersales.model.OpenEntryBody;
import aftersales.model.OpenedEntry;
import aftersales.model.Order;
import aftersales.model.OrderDetail;
import aftersales.model.OrderPage;
import aftersales.model.Payment;
import aftersales.model.Problem;
import aftersales.model.ReceiptConfirmationBody;
import aftersales.model.RegisterOrderBody;
import aftersales.model.RequestRefundBody;
import aftersales.model.Ticket;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;

public class Story {
    private static final ObjectMapper JSON = ApiClient.createDefaultObjectMapper();
    private static JsonNode given;

    interface Asking {
        void ask() throws ApiException;
    }

    public static void main(String[] arguments) throws Exception {
        given = JSON.readTree(Files.readString(Path.of(arguments[0])));
        if (arguments[1].equals("tell")) {
            tell();
        } else {
            lookAtTomorrow();
        }
    }

    static void tell() throws Exception {
        String shop = text("shop_id"), orderId = text("order_id");
        OrdersApi byPlatform = new OrdersApi(as("platform"));
        OrdersApi orders = new OrdersApi(as("merchant"));
        AfterSalesEntryApi entries = new AfterSalesEntryApi(as("merchant"));
        TicketsApi tickets = new TicketsApi(as("merchant"));

        for (String[] registering : new String[][] {
            {"register_order", "order"}, {"register_other_order", "other_order"}
        }) {
            RegisterOrderBody body = body(registering[1], RegisterOrderBody.class);
            ApiResponse<Order> answer = byPlatform.registerOrderWithHttpInfo(shop, body, null);
            Order order = answer.getData();
            Map<String, Object> seen = paid(order.getPayment());
            seen.put("order_id", order.getOrderId());
            observed(registering[0], answer.getStatusCode(), seen);
        }
        ReceiptConfirmationBody future =
            body("future_receipt_confirmation", ReceiptConfirmationBody.class);
        refused("receipt_in_future", () -> byPlatform.recordReceiptConfirmation(shop, orderId, future, null), "repeatable");
        ReceiptConfirmationBody receipt =
            body("receipt_confirmation", ReceiptConfirmationBody.class);
        ApiResponse<Order> confirmed =
            byPlatform.recordReceiptConfirmationWithHttpInfo(shop, orderId, receipt, null);
        observed("record_receipt_confirmation", confirmed.getStatusCode(),
            values("order_id", confirmed.getData().getOrderId()));

        ApiResponse<AfterSalesEntryDetail> checked =
            entries.getAfterSalesEntryWithHttpInfo(shop, orderId, null);
        AfterSalesEntryDetail entry = checked.getData();
        observed("get_after_sales_entry", checked.getStatusCode(), values(
            "state", entry.getState(),
            "eligible", entry.getEligibility().getEligible(),
            "rules", entry.getEligibility().getRules().size()));
        OpenEntryBody opening = body("opening", OpenEntryBody.class);
        refused("open_refused",
            () -> entries.openAfterSalesEntry(shop, text("other_order_id"), opening, null, null), "failed_rules");
        String key = UUID.randomUUID().toString();
        for (String step : List.of("open_after_sales_entry", "open_again_under_the_same_key")) {
            ApiResponse<OpenedEntry> opened =
                entries.openAfterSalesEntryWithHttpInfo(shop, orderId, opening, key, null);
            List<String> replayed =
                opened.getHeaders().getOrDefault("idempotency-replayed", List.of());
            observed(step, opened.getStatusCode(), values(
                "state", opened.getData().getState(),
                "generation", opened.getData().getGeneration(),
                "replayed", replayed.contains("true")));
        }

        ApiResponse<Ticket> applied = new ApplicationsApi(as("consumer")).requestRefundWithHttpInfo(
            shop, orderId, UUID.randomUUID().toString(), body("refund", RequestRefundBody.class));
        Ticket ticket = applied.getData();
        observed("request_refund", applied.getStatusCode(), values(
            "ticket_id", ticket.getTicketId(),
            "state", ticket.getState(),
            "overdue", ticket.getOverdue(),
            "label", ticket.getLabels().get(0).getText().getZhCn()));
        String ticketId = ticket.getTicketId();
        refused("decide_on_a_stale_version", () -> tickets.agreeToApplication(
            shop, ticketId, null, "\"" + (ticket.getVersion() - 1) + "\"", null));
        // Everything optional is left out: body, key and version.
        ApiResponse<Ticket> agreed = tickets.agreeToApplicationWithHttpInfo(
            shop, ticketId, null, null, null);
        observed("agree_to_application", agreed.getStatusCode(),
            values("state", agreed.getData().getState()));
        ApiResponse<Ticket> succeeded = new TicketsApi(as("platform"))
            .recordRefundSuccessWithHttpInfo(shop, ticketId, UUID.randomUUID().toString(), null);
        observed("record_refund_success", succeeded.getStatusCode(),
            values("state", succeeded.getData().getState()));

        List<Integer> sizes = new ArrayList<>();
        List<String> ids = pageByPage(orders, shop, sizes);
        for (long until = System.nanoTime() + 20_000_000_000L; ids.size() < 2; ) {
            if (System.nanoTime() > until) {
                throw new IllegalStateException("still " + ids + " after 20 s");
            }
            Thread.sleep(50); // lists may lag by milliseconds
            ids = pageByPage(orders, shop, sizes);
        }
        observed("list_orders_by_cursor", 200, values(
            "orders", ids.stream().sorted().toList(),
            "pages_of_one", sizes.stream().allMatch(size -> size <= 1)));
        ApiResponse<OrderDetail> looked = orders.getOrderWithHttpInfo(
            APIGetOrderRequest.newBuilder().shopId(shop).orderId(orderId).build());
        OrderDetail order = looked.getData();
        observed("get_order", looked.getStatusCode(), values(
            "tickets", order.getTickets().size(),
            "logged", order.getOperationLog().stream().map(line -> line.getCode()).sorted().toList()));
        refused("order_not_found", () -> orders.getOrder(shop, "nobody-knows-it", null));
    }

    static void lookAtTomorrow() throws Exception {
        String shop = text("shop_id"), orderId = text("order_id");
        OrdersApi orders = new OrdersApi(as("merchant"));
        TicketsApi tickets = new TicketsApi(as("merchant"));
        OrderDetail order = orders.getOrder(shop, orderId, null);
        observed("get_order", 200, values(
            "state", order.getAfterSalesEntry().getState(), "tickets", order.getTickets().size()));
        observed("get_ticket", 200,
            values("state", tickets.getTicket(shop, text("ticket_id")).getState()));
        APIListTicketsRequest all = APIListTicketsRequest.newBuilder().shopId(shop).build();
        observed("list_tickets", 200,
            values("state", tickets.listTickets(all).getTickets().get(0).getState()));
        AfterSalesEntryDetail entry =
            new AfterSalesEntryApi(as("merchant")).getAfterSalesEntry(shop, orderId, null);
        observed("get_after_sales_entry", 200, values(
            "state", entry.getState(), "rules", entry.getEligibility().getRules().size()));
        refused("order_not_found", () -> orders.getOrder(shop, "nobody-knows-it", null));
    }

    /** Lists orders one a page; returns their ids and notes how many each page held. */
    static List<String> pageByPage(OrdersApi orders, String shop, List<Integer> sizes)
            throws ApiException {
        List<String> ids = new ArrayList<>();
        APIListOrdersRequest.Builder request =
            APIListOrdersRequest.newBuilder().shopId(shop).limit(1);
        while (true) {
            OrderPage page = orders.listOrders(request.build());
            page.getOrders().forEach(order -> ids.add(order.getOrderId()));
            sizes.add(page.getOrders().size());
            if (page.getNextCursor() == null) {
                return ids;
            }
            request = request.cursor(page.getNextCursor());
        }
    }

    static Map<String, Object> paid(Payment payment) {
        Object method = payment.getActualInstance();
        if (method instanceof OnlinePayment online) {
            return values("method", online.getMethod(), "amount", online.getAmount().getAmount());
        }
        CashOnDelivery cash = (CashOnDelivery) method;
        return values("method", cash.getMethod(), "amount", cash.getAmount().getAmount());
    }

    /** Asks for what is refused, and notes the problem's code and some of its other members. */
    static void refused(String step, Asking asking, String... members) throws Exception {
        try {
            asking.ask();
        } catch (ApiException refusal) {
            Problem problem = JSON.readValue(refusal.getResponseBody(), Problem.class);
            Map<String, Object> seen = values("code", problem.getCode());
            for (String member : members) {
                seen.put(member, member.equals("repeatable")
                    ? problem.getRepeatable()
                    : problem.getFailedRules().stream().map(rule -> rule.getCode()).sorted().toList());
            }
            observed(step, refusal.getCode(), seen);
            return;
        }
        throw new IllegalStateException(step + " was granted");
    }

    static ApiClient as(String role) {
        String token = given.get("credentials").get(role).asText();
        ApiClient client = new ApiClient();
        client.updateBaseUri(text("url"));
        client.setRequestInterceptor(request -> request.header("Authorization", "Bearer " + token));
        return client;
    }

    static String text(String name) {
        return given.get(name).asText();
    }

    static <T> T body(String name, Class<T> type) throws Exception {
        return JSON.treeToValue(given.get(name), type);
    }

    static Map<String, Object> values(Object... namesAndValues) {
        Map<String, Object> values = new LinkedHashMap<>();
        for (int at = 0; at < namesAndValues.length; at += 2) {
            values.put((String) namesAndValues[at], namesAndValues[at + 1]);
        }
        return values;
    }

    static void observed(String step, int status, Map<String, Object> values) throws Exception {
        values.put("step", step);
        values.put("status", status);
        System.out.println(JSON.writeValueAsString(values));
    }
}
