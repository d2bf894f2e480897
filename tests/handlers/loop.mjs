// The loop of a runtime, for where Node's own (`aws-lambda-ric`, which compiles C++) is not installed.
// `node loop.mjs app.handler`

const [file, name] = process.argv[2].split(".");
const handler = (await import(`./${file}.mjs`))[name];
const root = `http://${process.env.AWS_LAMBDA_RUNTIME_API}/2018-06-01/runtime`;
const post = (path, document) => fetch(`${root}/${path}`, { method: "POST", body: JSON.stringify(document ?? null) });

for (;;) {
  const next = await fetch(`${root}/invocation/next`);
  if (!next.ok) process.exit(0);
  const id = next.headers.get("lambda-runtime-aws-request-id");
  const deadline = Number(next.headers.get("lambda-runtime-deadline-ms"));
  const context = { awsRequestId: id, getRemainingTimeInMillis: () => deadline - Date.now() };
  try {
    await post(`invocation/${id}/response`, await handler(await next.json(), context));
  } catch (e) {
    await post(`invocation/${id}/error`, { errorType: e.name, errorMessage: e.message, stackTrace: [] });
  }
}
