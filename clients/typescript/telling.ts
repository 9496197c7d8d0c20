// What both tellings of the story need: what they are given, and how they say what they observed.

import { readFileSync } from 'node:fs';

/** The story's file as far as every telling knows it; bodies are what the generated types say. */
export interface Given<Order, Refund, Opening> {
  url: string;
  shop_id: string;
  order_id: string;
  other_order_id: string;
  ticket_id: string;
  credentials: { platform: string; merchant: string; consumer: string };
  order: Order;
  other_order: Order;
  receipt_confirmation: { confirmed_at: string };
  future_receipt_confirmation: { confirmed_at: string };
  opening: Opening;
  refund: Refund;
}

export function given<Order, Refund, Opening>(): Given<Order, Refund, Opening> {
  return JSON.parse(readFileSync(process.argv[2]!, 'utf-8'));
}

export const mode = (): string => process.argv[3] ?? 'tell';

/** Print a line of JSON. */
export function observed(step: string, status: number, values: Record<string, unknown>): void {
  console.log(JSON.stringify({ step, status, ...values }));
}

/** Ask again until the answer is enough: lists may lag by milliseconds. */
export async function until<T>(ask: () => Promise<T>, enough: (answer: T) => boolean): Promise<T> {
  const deadline = Date.now() + 20_000;
  for (;;) {
    const answer = await ask();
    if (enough(answer)) return answer;
    if (Date.now() > deadline) throw new Error(`still ${JSON.stringify(answer)} after 20 s`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
