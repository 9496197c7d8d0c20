// Asks the example of each case: a line of base64 fields, answered with a line of true or false.
import { readFileSync } from "node:fs";
import { verify } from "./verify.js";

for (const line of readFileSync(0, "utf8").trimEnd().split("\n")) {
  const fields = line.split("\t").map((one) => Buffer.from(one, "base64"));
  const [key, id, timestamp, signature] = fields.map(String);
  const headers = { "webhook-id": id, "webhook-timestamp": timestamp, "webhook-signature": signature };
  console.log(verify(key, headers, fields[4]));
}
