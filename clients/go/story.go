// The story, told with what openapi-generator generates for Go.
package main

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"sort"
	"time"

	aftersales "story/aftersales"
)

type given struct {
	URL           string                             `json:"url"`
	ShopID        string                             `json:"shop_id"`
	OrderID       string                             `json:"order_id"`
	OtherOrderID  string                             `json:"other_order_id"`
	TicketID      string                             `json:"ticket_id"`
	Credentials   map[string]string                  `json:"credentials"`
	Order         aftersales.RegisterOrderBody       `json:"order"`
	OtherOrder    aftersales.RegisterOrderBody       `json:"other_order"`
	Receipt       aftersales.ReceiptConfirmationBody `json:"receipt_confirmation"`
	FutureReceipt aftersales.ReceiptConfirmationBody `json:"future_receipt_confirmation"`
	Opening       aftersales.OpenEntryBody           `json:"opening"`
	Refund        aftersales.RequestRefundBody       `json:"refund"`
}

type values map[string]any

func main() {
	text, err := os.ReadFile(os.Args[1])
	check(err)
	var story given
	check(json.Unmarshal(text, &story))
	configuration := aftersales.NewConfiguration()
	configuration.Servers = aftersales.ServerConfigurations{{URL: story.URL}}
	client := aftersales.NewAPIClient(configuration)
	if os.Args[2] == "tell" {
		tell(client, story)
	} else {
		lookAtTomorrow(client, story)
	}
}

func tell(client *aftersales.APIClient, story given) {
	platform, merchant := as(story, "platform"), as(story, "merchant")
	consumer := as(story, "consumer")
	shop := story.ShopID

	for _, registering := range []struct {
		step string
		body aftersales.RegisterOrderBody
	}{{"register_order", story.Order}, {"register_other_order", story.OtherOrder}} {
		order, answer, err := client.OrdersAPI.RegisterOrder(platform, shop).
			RegisterOrderBody(registering.body).Execute()
		check(err)
		method, amount := paid(order.Payment)
		observed(registering.step, answer, values{
			"order_id": order.OrderId, "method": method, "amount": amount,
		})
	}
	_, answer, err := client.OrdersAPI.RecordReceiptConfirmation(platform, shop, story.OrderID).
		ReceiptConfirmationBody(story.FutureReceipt).Execute()
	problem := refused(err)
	observed("receipt_in_future", answer, values{
		"code": problem.Code, "repeatable": problem.Repeatable,
	})
	confirmed, answer, err := client.OrdersAPI.
		RecordReceiptConfirmation(platform, shop, story.OrderID).
		ReceiptConfirmationBody(story.Receipt).Execute()
	check(err)
	observed("record_receipt_confirmation", answer, values{"order_id": confirmed.OrderId})

	entries := client.AfterSalesEntryAPI
	entry, answer, err := entries.GetAfterSalesEntry(merchant, shop, story.OrderID).Execute()
	check(err)
	observed("get_after_sales_entry", answer, values{
		"state":    entry.State,
		"eligible": entry.Eligibility.Eligible,
		"rules":    len(entry.Eligibility.Rules),
	})
	_, answer, err = entries.OpenAfterSalesEntry(merchant, shop, story.OtherOrderID).
		OpenEntryBody(story.Opening).Execute()
	problem = refused(err)
	failed := []string{}
	for _, rule := range problem.FailedRules {
		failed = append(failed, rule.Code)
	}
	sort.Strings(failed)
	observed("open_refused", answer, values{"code": problem.Code, "failed_rules": failed})
	key := rand.Text()
	for _, step := range []string{"open_after_sales_entry", "open_again_under_the_same_key"} {
		opened, answer, err := entries.OpenAfterSalesEntry(merchant, shop, story.OrderID).
			OpenEntryBody(story.Opening).IdempotencyKey(key).Execute()
		check(err)
		observed(step, answer, values{
			"state":      opened.State,
			"generation": opened.Generation,
			"replayed":   answer.Header.Get("Idempotency-Replayed") == "true",
		})
	}

	ticket, answer, err := client.ApplicationsAPI.RequestRefund(consumer, shop, story.OrderID).
		IdempotencyKey(rand.Text()).RequestRefundBody(story.Refund).Execute()
	check(err)
	observed("request_refund", answer, values{
		"ticket_id": ticket.TicketId,
		"state":     ticket.State,
		"overdue":   ticket.Overdue,
		"label":     ticket.Labels[0].Text.ZhCn,
	})
	tickets := client.TicketsAPI
	_, answer, err = tickets.AgreeToApplication(merchant, shop, ticket.TicketId).
		IfMatch(fmt.Sprintf(`"%d"`, ticket.Version-1)).Execute()
	observed("decide_on_a_stale_version", answer, values{"code": refused(err).Code})
	// Everything optional is left out: body, key and version.
	agreed, answer, err := tickets.AgreeToApplication(merchant, shop, ticket.TicketId).Execute()
	check(err)
	observed("agree_to_application", answer, values{"state": agreed.State})
	succeeded, answer, err := tickets.RecordRefundSuccess(platform, shop, ticket.TicketId).
		IdempotencyKey(rand.Text()).Execute()
	check(err)
	observed("record_refund_success", answer, values{"state": succeeded.State})

	ids, oneEach := pageByPage(client, merchant, shop)
	for deadline := time.Now().Add(20 * time.Second); len(ids) < 2; {
		if time.Now().After(deadline) {
			check(fmt.Errorf("still %v after 20 s", ids))
		}
		time.Sleep(50 * time.Millisecond) // lists may lag by milliseconds
		ids, oneEach = pageByPage(client, merchant, shop)
	}
	sort.Strings(ids)
	observed("list_orders_by_cursor", nil, values{"orders": ids, "pages_of_one": oneEach})
	order, answer, err := client.OrdersAPI.GetOrder(merchant, shop, story.OrderID).Execute()
	check(err)
	logged := []string{}
	for _, line := range order.OperationLog {
		logged = append(logged, line.Code)
	}
	sort.Strings(logged)
	observed("get_order", answer, values{"tickets": len(order.Tickets), "logged": logged})
	missing(client, merchant, shop)
}

func lookAtTomorrow(client *aftersales.APIClient, story given) {
	merchant, shop := as(story, "merchant"), story.ShopID
	order, answer, err := client.OrdersAPI.GetOrder(merchant, shop, story.OrderID).Execute()
	check(err)
	observed("get_order", answer, values{
		"state": order.AfterSalesEntry.State, "tickets": len(order.Tickets),
	})
	ticket, answer, err := client.TicketsAPI.GetTicket(merchant, shop, story.TicketID).Execute()
	check(err)
	observed("get_ticket", answer, values{"state": ticket.State})
	listed, answer, err := client.TicketsAPI.ListTickets(merchant, shop).Execute()
	check(err)
	observed("list_tickets", answer, values{"state": listed.Tickets[0].State})
	entry, answer, err := client.AfterSalesEntryAPI.
		GetAfterSalesEntry(merchant, shop, story.OrderID).Execute()
	check(err)
	observed("get_after_sales_entry", answer, values{
		"state": entry.State, "rules": len(entry.Eligibility.Rules),
	})
	missing(client, merchant, shop)
}

func missing(client *aftersales.APIClient, merchant context.Context, shop string) {
	_, answer, err := client.OrdersAPI.GetOrder(merchant, shop, "nobody-knows-it").Execute()
	observed("order_not_found", answer, values{"code": refused(err).Code})
}

// pageByPage lists orders one a page; it returns their ids, and whether no page held more.
func pageByPage(client *aftersales.APIClient, ctx context.Context, shop string) ([]string, bool) {
	ids, oneEach := []string{}, true
	request := client.OrdersAPI.ListOrders(ctx, shop).Limit(1)
	for {
		page, _, err := request.Execute()
		check(err)
		for _, order := range page.Orders {
			ids = append(ids, order.OrderId)
		}
		oneEach = oneEach && len(page.Orders) <= 1
		next := page.NextCursor.Get()
		if next == nil {
			return ids, oneEach
		}
		request = request.Cursor(*next)
	}
}

func paid(payment aftersales.Payment) (string, int64) {
	switch method := payment.GetActualInstance().(type) {
	case *aftersales.OnlinePayment:
		return method.Method, method.Amount.Amount
	case *aftersales.CashOnDelivery:
		return method.Method, method.Amount.Amount
	default:
		return "unknown", 0
	}
}

func as(story given, role string) context.Context {
	token := story.Credentials[role]
	return context.WithValue(context.Background(), aftersales.ContextAccessToken, token)
}

// refused returns the problem of a refusal, typed as the document says.
func refused(err error) aftersales.Problem {
	var failure *aftersales.GenericOpenAPIError
	if errors.As(err, &failure) {
		if problem, ok := failure.Model().(aftersales.Problem); ok {
			return problem
		}
	}
	check(fmt.Errorf("no problem: %v", err))
	panic("unreachable")
}

func observed(step string, answer *http.Response, seen values) {
	seen["step"], seen["status"] = step, 200
	if answer != nil {
		seen["status"] = answer.StatusCode
	}
	line, err := json.Marshal(seen)
	check(err)
	fmt.Println(string(line))
}

func check(err error) {
	if err == nil {
		return
	}
	var failure *aftersales.GenericOpenAPIError
	if errors.As(err, &failure) {
		err = fmt.Errorf("%w: %s", err, failure.Body())
	}
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}
