// The story, told with what openapi-generator's typescript-fetch generates.

import { randomUUID } from 'node:crypto';

import {
  AfterSalesEntryApi,
  ApplicationsApi,
  Configuration,
  OpenEntryBodyFromJSON,
  OrdersApi,
  type Problem,
  ProblemFromJSON,
  ReceiptConfirmationBodyFromJSON,
  RegisterOrderBodyFromJSON,
  RequestRefundBodyFromJSON,
  ResponseError,
  TicketsApi,
} from './aftersales';
import { given, mode, observed, until } from './telling';

const story = given<unknown, unknown, unknown>();
const { shop_id: shopId, order_id: orderId, ticket_id: ticketId } = story;

function configuration(role: 'platform' | 'merchant' | 'consumer'): Configuration {
  return new Configuration({ basePath: story.url, accessToken: story.credentials[role] });
}

/** Return status and problem of a request that is refused. */
async function refused(asking: Promise<unknown>): Promise<[number, Problem]> {
  try {
    await asking;
  } catch (error) {
    if (!(error instanceof ResponseError)) throw error;
    return [error.response.status, ProblemFromJSON(await error.response.json())];
  }
  throw new Error('granted');
}

async function tell(): Promise<void> {
  const byPlatform = new OrdersApi(configuration('platform'));
  const ofPlatform = new TicketsApi(configuration('platform'));
  const orders = new OrdersApi(configuration('merchant'));
  const entries = new AfterSalesEntryApi(configuration('merchant'));
  const tickets = new TicketsApi(configuration('merchant'));
  const applications = new ApplicationsApi(configuration('consumer'));

  for (const [step, body] of [
    ['register_order', story.order],
    ['register_other_order', story.other_order],
  ] as const) {
    const registered = await byPlatform.registerOrderRaw({
      shopId,
      registerOrderBody: RegisterOrderBodyFromJSON(body),
    });
    const order = await registered.value();
    observed(step, registered.raw.status, {
      order_id: order.orderId,
      method: order.payment.method,
      amount: order.payment.amount.amount,
    });
  }
  const [early, { code, repeatable }] = await refused(
    byPlatform.recordReceiptConfirmation({
      shopId,
      orderId,
      receiptConfirmationBody: ReceiptConfirmationBodyFromJSON(story.future_receipt_confirmation),
    }),
  );
  observed('receipt_in_future', early, { code, repeatable });
  const confirmed = await byPlatform.recordReceiptConfirmationRaw({
    shopId,
    orderId,
    receiptConfirmationBody: ReceiptConfirmationBodyFromJSON(story.receipt_confirmation),
  });
  observed('record_receipt_confirmation', confirmed.raw.status, {
    order_id: (await confirmed.value()).orderId,
  });

  const checked = await entries.getAfterSalesEntryRaw({ shopId, orderId });
  const { state, eligibility } = await checked.value();
  observed('get_after_sales_entry', checked.raw.status, {
    state,
    eligible: eligibility.eligible,
    rules: eligibility.rules.length,
  });
  const openEntryBody = OpenEntryBodyFromJSON(story.opening);
  const [status, problem] = await refused(
    entries.openAfterSalesEntry({ shopId, orderId: story.other_order_id, openEntryBody }),
  );
  observed('open_refused', status, {
    code: problem.code,
    failed_rules: (problem.failedRules ?? []).map((rule) => rule.code).sort(),
  });
  const idempotencyKey = randomUUID();
  for (const step of ['open_after_sales_entry', 'open_again_under_the_same_key']) {
    const opened = await entries.openAfterSalesEntryRaw({
      shopId,
      orderId,
      openEntryBody,
      idempotencyKey,
    });
    const entry = await opened.value();
    observed(step, opened.raw.status, {
      state: entry.state,
      generation: entry.generation,
      replayed: opened.raw.headers.get('Idempotency-Replayed') === 'true',
    });
  }

  const applied = await applications.requestRefundRaw({
    shopId,
    orderId,
    idempotencyKey: randomUUID(),
    requestRefundBody: RequestRefundBodyFromJSON(story.refund),
  });
  const ticket = await applied.value();
  observed('request_refund', applied.raw.status, {
    ticket_id: ticket.ticketId,
    state: ticket.state,
    overdue: ticket.overdue,
    label: ticket.labels[0]!.text.zhCn,
  });
  const [stale, conflict] = await refused(
    tickets.agreeToApplication({ shopId, ticketId, ifMatch: `"${ticket.version - 1}"` }),
  );
  observed('decide_on_a_stale_version', stale, { code: conflict.code });
  // Everything optional is left out: body, key and version.
  const agreed = await tickets.agreeToApplicationRaw({ shopId, ticketId });
  observed('agree_to_application', agreed.raw.status, { state: (await agreed.value()).state });
  const paid = await ofPlatform.recordRefundSuccessRaw({
    shopId,
    ticketId,
    idempotencyKey: randomUUID(),
  });
  observed('record_refund_success', paid.raw.status, { state: (await paid.value()).state });

  const [ids, oneEach] = await until(
    () => pageByPage(orders),
    ([found]) => found.length === 2,
  );
  observed('list_orders_by_cursor', 200, { orders: ids.sort(), pages_of_one: oneEach });
  const looked = await orders.getOrderRaw({ shopId, orderId });
  const order = await looked.value();
  observed('get_order', looked.raw.status, {
    tickets: order.tickets.length,
    logged: order.operationLog.map((line) => line.code).sort(),
  });
  const [missing, unknown] = await refused(orders.getOrder({ shopId, orderId: 'nobody-knows-it' }));
  observed('order_not_found', missing, { code: unknown.code });
}

async function lookAtTomorrow(): Promise<void> {
  const orders = new OrdersApi(configuration('merchant'));
  const tickets = new TicketsApi(configuration('merchant'));
  const entries = new AfterSalesEntryApi(configuration('merchant'));
  const order = await orders.getOrder({ shopId, orderId });
  observed('get_order', 200, {
    state: order.afterSalesEntry.state,
    tickets: order.tickets.length,
  });
  observed('get_ticket', 200, { state: (await tickets.getTicket({ shopId, ticketId })).state });
  const listed = await tickets.listTickets({ shopId });
  observed('list_tickets', 200, { state: listed.tickets[0]!.state });
  const entry = await entries.getAfterSalesEntry({ shopId, orderId });
  observed('get_after_sales_entry', 200, {
    state: entry.state,
    rules: entry.eligibility.rules.length,
  });
  const [missing, unknown] = await refused(orders.getOrder({ shopId, orderId: 'nobody-knows-it' }));
  observed('order_not_found', missing, { code: unknown.code });
}

/** List orders one a page; return their ids, and whether no page held more. */
async function pageByPage(orders: OrdersApi): Promise<[string[], boolean]> {
  const ids: string[] = [];
  let oneEach = true;
  let cursor: string | undefined;
  for (;;) {
    const page = await orders.listOrders({ shopId, limit: 1, cursor });
    ids.push(...page.orders.map((order) => order.orderId));
    oneEach &&= page.orders.length <= 1;
    if (page.nextCursor === null) return [ids, oneEach];
    cursor = page.nextCursor;
  }
}

(mode() === 'tell' ? tell() : lookAtTomorrow()).catch((error: unknown) => {
  console.error(error);
  process.exit(1);
});
