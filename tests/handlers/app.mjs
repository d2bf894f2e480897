// A handler as a user would write one, for Node's runtime: `aws-lambda-ric app.handler`.

class CardDeclined extends Error {
  constructor(message) {
    super(message);
    this.name = "CardDeclined";
  }
}

const work = {
  async fail() {
    throw new CardDeclined("no money");
  },
  async hang() {
    await new Promise((done) => setTimeout(done, 600_000));
  },
  async crash() {
    process.stdout.write("about to crash\n", () => process.exit(3));
    await new Promise(() => {});
  },
  async log(event, context) {
    console.log("charging", event.id);
    return { request: context.awsRequestId, left: context.getRemainingTimeInMillis() > 0 };
  },
  async environment() {
    return ["GREETING", "AWS_LAMBDA_FUNCTION_NAME", "AWS_REGION"].map((name) => process.env[name]);
  },
  async send(event) {
    const endpoint = process.env.AWS_ENDPOINT_URL;
    const response = await fetch(endpoint, {
      method: "POST",
      headers: { "X-Amz-Target": "AmazonSQS.SendMessage", "Content-Type": "application/x-amz-json-1.0" },
      body: JSON.stringify({ QueueUrl: `${endpoint}/123456789012/orders`, MessageBody: event.id }),
    });
    return { sent: "MessageId" in (await response.json()) };
  },
};

export const handler = async (event, context) => (work[event.do] ? work[event.do](event, context) : event);
