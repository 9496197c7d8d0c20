// The story, told with what @hey-api/openapi-ts generates.

import { randomUUID } from 'node:crypto';

import {
  agreeToApplication,
  getAfterSalesEntry,
  getOrder,
  getTicket,
  listOrders,
  listTickets,
  openAfterSalesEntry,
  type OpenEntryBody,
  type Problem,
  recordReceiptConfirmation,
  recordRefundSuccess,
  registerOrder,
  type RegisterOrderBody,
  requestRefund,
  type RequestRefundBody,
} from './aftersales';
import { type Client, createClient } from './aftersales/client';
import { given, mode, observed, until } from './telling';

const story = given<RegisterOrderBody, RequestRefundBody, OpenEntryBody>();
const shop_id = story.shop_id;
const path = { shop_id, order_id: story.order_id };
const ticketPath = { shop_id, ticket_id: story.ticket_id };

function clientOf(role: 'platform' | 'merchant' | 'consumer'): Client {
  return createClient({ baseUrl: story.url, auth: story.credentials[role] });
}

/** Return what was asked for; throw the problem if there is one. */
function granted<T>(answer: { data?: T; error?: Problem }): T {
  if (answer.data === undefined) throw new Error(JSON.stringify(answer.error));
  return answer.data;
}

/** Return the problem, typed as the document says. */
function refused(answer: { error?: Problem }): Problem {
  if (answer.error === undefined) throw new Error('granted');
  return answer.error;
}

function status(answer: { response?: Response }): number {
  return answer.response!.status;
}

async function tell(): Promise<void> {
  const platform = clientOf('platform');
  const merchant = clientOf('merchant');
  const consumer = clientOf('consumer');

  for (const [step, body] of [
    ['register_order', story.order],
    ['register_other_order', story.other_order],
  ] as const) {
    const registered = await registerOrder({ client: platform, path: { shop_id }, body });
    const { order_id, payment } = granted(registered);
    const amount = payment.method === 'online' ? payment.amount.amount : payment.amount.amount;
    observed(step, status(registered), { order_id, method: payment.method, amount: Number(amount) });
  }
  const early = await recordReceiptConfirmation({
    client: platform,
    path,
    body: story.future_receipt_confirmation,
  });
  const { code, repeatable } = refused(early);
  observed('receipt_in_future', status(early), { code, repeatable });
  const confirmed = await recordReceiptConfirmation({
    client: platform,
    path,
    body: story.receipt_confirmation,
  });
  observed('record_receipt_confirmation', status(confirmed), {
    order_id: granted(confirmed).order_id,
  });

  const checked = await getAfterSalesEntry({ client: merchant, path });
  const { state, eligibility } = granted(checked);
  observed('get_after_sales_entry', status(checked), {
    state,
    eligible: eligibility.eligible,
    rules: eligibility.rules.length,
  });
  const notEligible = await openAfterSalesEntry({
    client: merchant,
    path: { shop_id, order_id: story.other_order_id },
    body: story.opening,
  });
  const problem = refused(notEligible);
  observed('open_refused', status(notEligible), {
    code: problem.code,
    failed_rules: (problem.failed_rules ?? []).map((rule) => rule.code).sort(),
  });
  const key = randomUUID();
  for (const step of ['open_after_sales_entry', 'open_again_under_the_same_key']) {
    const opened = await openAfterSalesEntry({
      client: merchant,
      path,
      body: story.opening,
      headers: { 'Idempotency-Key': key },
    });
    const entry = granted(opened);
    observed(step, status(opened), {
      state: entry.state,
      generation: entry.generation,
      replayed: opened.response!.headers.get('Idempotency-Replayed') === 'true',
    });
  }

  const applied = await requestRefund({
    client: consumer,
    path,
    body: story.refund,
    headers: { 'Idempotency-Key': randomUUID() },
  });
  const ticket = granted(applied);
  observed('request_refund', status(applied), {
    ticket_id: ticket.ticket_id,
    state: ticket.state,
    overdue: ticket.overdue,
    label: ticket.labels[0]!.text.zh_cn,
  });
  const version = Number(ticket.version);
  const stale = await agreeToApplication({
    client: merchant,
    path: ticketPath,
    headers: { 'If-Match': `"${version - 1}"` },
  });
  observed('decide_on_a_stale_version', status(stale), { code: refused(stale).code });
  // Everything optional is left out: body, key and version.
  const agreed = await agreeToApplication({ client: merchant, path: ticketPath });
  observed('agree_to_application', status(agreed), { state: granted(agreed).state });
  const paid = await recordRefundSuccess({
    client: platform,
    path: ticketPath,
    headers: { 'Idempotency-Key': randomUUID() },
  });
  observed('record_refund_success', status(paid), { state: granted(paid).state });

  const [ids, oneEach] = await until(
    () => pageByPage(merchant),
    ([found]) => found.length === 2,
  );
  observed('list_orders_by_cursor', 200, { orders: ids.sort(), pages_of_one: oneEach });
  const looked = await getOrder({ client: merchant, path });
  const order = granted(looked);
  observed('get_order', status(looked), {
    tickets: order.tickets.length,
    logged: order.operation_log.map((line) => line.code).sort(),
  });
  const missing = await getOrder({ client: merchant, path: { shop_id, order_id: 'nobody-knows-it' } });
  observed('order_not_found', status(missing), { code: refused(missing).code });
}

async function lookAtTomorrow(): Promise<void> {
  const client = clientOf('merchant');
  const looked = await getOrder({ client, path });
  const order = granted(looked);
  observed('get_order', status(looked), {
    state: order.after_sales_entry.state,
    tickets: order.tickets.length,
  });
  const shown = await getTicket({ client, path: ticketPath });
  observed('get_ticket', status(shown), { state: granted(shown).state });
  const listed = await listTickets({ client, path: { shop_id } });
  observed('list_tickets', status(listed), { state: granted(listed).tickets[0]!.state });
  const checked = await getAfterSalesEntry({ client, path });
  const entry = granted(checked);
  observed('get_after_sales_entry', status(checked), {
    state: entry.state,
    rules: entry.eligibility.rules.length,
  });
  const missing = await getOrder({ client, path: { shop_id, order_id: 'nobody-knows-it' } });
  observed('order_not_found', status(missing), { code: refused(missing).code });
}

/** List orders one a page; return their ids, and whether no page held more. */
async function pageByPage(client: Client): Promise<[string[], boolean]> {
  const ids: string[] = [];
  let oneEach = true;
  let cursor: string | undefined;
  for (;;) {
    const page = granted(
      await listOrders({ client, path: { shop_id }, query: { limit: 1, cursor } }),
    );
    ids.push(...page.orders.map((order) => order.order_id));
    oneEach &&= page.orders.length <= 1;
    if (page.next_cursor === null) return [ids, oneEach];
    cursor = page.next_cursor;
  }
}

(mode() === 'tell' ? tell() : lookAtTomorrow()).catch((error: unknown) => {
  console.error(error);
  process.exit(1);
});
