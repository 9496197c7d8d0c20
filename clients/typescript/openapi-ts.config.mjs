// @hey-api/openapi-ts: a function an operation, on fetch. Paths come from whoever runs it.
export default {
  input: process.env.OPENAPI_DOCUMENT ?? '../openapi.client.json',
  output: process.env.OPENAPI_OUTPUT ?? './aftersales',
  plugins: ['@hey-api/typescript', '@hey-api/sdk', '@hey-api/client-fetch'],
};
