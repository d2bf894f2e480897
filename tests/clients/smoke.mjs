// The AWS SDK for JavaScript, version 3, against `rehearsal serve`: one way through each service.
//
//     NODE_PATH=FOLDER/node_modules node tests/clients/smoke.mjs BINARY
//
// FOLDER is where `npm install` put the clients; `.ci/run` knows how. The last line says how many passed and failed.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createRequire } from "node:module";
import path from "node:path";
import readline from "node:readline";

const folder = process.env.NODE_PATH ?? path.join(process.cwd(), "node_modules");
const require = createRequire(path.join(path.resolve(folder), "..", "x.js"));
const sdk = (name) => require(`@aws-sdk/client-${name}`);

const own = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("AWS_")));
const child = spawn(process.argv[2] ?? "target/debug/rehearsal", ["serve", "--port", "0"], { env: own, stdio: ["ignore", "pipe", "inherit"] });
const [first] = await once(readline.createInterface({ input: child.stdout }), "line");
const endpoint = /serves at (\S+)/.exec(first)[1];
const settings = { endpoint, region: "us-east-1", credentials: { accessKeyId: "any", secretAccessKey: "any" }, maxAttempts: 1 };

let passed = 0;
let failed = 0;
async function check(name, body) {
    try {
        await body();
        passed += 1;
    } catch (error) {
        failed += 1;
        console.log(`FAIL ${name}\n${error.stack}`);
    }
}

/** The call fails with this class and status. */
async function refused(kind, status, call) {
    await assert.rejects(call, (error) => {
        assert.ok(error instanceof kind, `${error.name}: ${error.message}`);
        assert.equal(error.$metadata.httpStatusCode, status);
        return true;
    });
}

const queue = "arn:aws:sqs:us-east-1:123456789012:smoke";

await check("sqs", async () => {
    const { SQS, QueueDoesNotExist } = sdk("sqs");
    const sqs = new SQS(settings);
    const { QueueUrl } = await sqs.createQueue({ QueueName: "smoke" });
    // The SDK checks the digests itself.
    await sqs.sendMessage({ QueueUrl, MessageBody: "grüß 🎈", MessageAttributes: { a: { DataType: "String", StringValue: "1" } } });
    const { Messages } = await sqs.receiveMessage({ QueueUrl, WaitTimeSeconds: 5, MessageAttributeNames: ["All"] });
    assert.equal(Messages[0].Body, "grüß 🎈");
    await sqs.deleteMessage({ QueueUrl, ReceiptHandle: Messages[0].ReceiptHandle });
    await refused(QueueDoesNotExist, 400, () => sqs.getQueueUrl({ QueueName: "nobody" }));
});

await check("sns", async () => {
    const { SNS, NotFoundException } = sdk("sns");
    const sns = new SNS(settings);
    const { TopicArn } = await sns.createTopic({ Name: "smoke" });
    await sns.subscribe({ TopicArn, Protocol: "sqs", Endpoint: queue, Attributes: { RawMessageDelivery: "true" } });
    await sns.publish({ TopicArn, Message: "hello" });
    const sqs = new (sdk("sqs").SQS)(settings);
    const { QueueUrl } = await sqs.getQueueUrl({ QueueName: "smoke" });
    const { Messages } = await sqs.receiveMessage({ QueueUrl });
    assert.equal(Messages[0].Body, "hello");
    await refused(NotFoundException, 404, () => sns.publish({ TopicArn: `${TopicArn}-no`, Message: "x" }));
});

await check("dynamodb", async () => {
    const { DynamoDB, ConditionalCheckFailedException, waitUntilTableExists } = sdk("dynamodb");
    const db = new DynamoDB(settings);
    const TableName = "smoke";
    await db.createTable({
        TableName,
        KeySchema: [{ AttributeName: "id", KeyType: "HASH" }],
        AttributeDefinitions: [{ AttributeName: "id", AttributeType: "S" }],
        BillingMode: "PAY_PER_REQUEST",
    });
    await waitUntilTableExists({ client: db, minDelay: 1, maxDelay: 1, maxWaitTime: 10 }, { TableName });
    const Item = { id: { S: "1" }, n: { N: "5" }, raw: { B: new Uint8Array([0, 255]) } };
    await db.putItem({ TableName, Item });
    assert.deepEqual((await db.getItem({ TableName, Key: { id: { S: "1" } } })).Item, Item);
    await refused(ConditionalCheckFailedException, 400, () =>
        db.putItem({ TableName, Item, ConditionExpression: "attribute_not_exists(id)" }),
    );
});

await check("s3", async () => {
    const { S3, NoSuchKey } = sdk("s3");
    const s3 = new S3({ ...settings, forcePathStyle: true });
    await s3.createBucket({ Bucket: "smoke" });
    await s3.putObject({ Bucket: "smoke", Key: "a b/ü.txt", Body: "hello", Metadata: { a: "1" } });
    const got = await s3.getObject({ Bucket: "smoke", Key: "a b/ü.txt" });
    assert.equal(await got.Body.transformToString(), "hello");
    assert.deepEqual(got.Metadata, { a: "1" });
    const listed = await s3.listObjectsV2({ Bucket: "smoke" });
    assert.deepEqual(listed.Contents.map((item) => item.Key), ["a b/ü.txt"]);
    await refused(NoSuchKey, 404, () => s3.getObject({ Bucket: "smoke", Key: "no" }));
});

await check("lambda", async () => {
    const { Lambda, ResourceNotFoundException } = sdk("lambda");
    const lambda = new Lambda(settings);
    await lambda.createFunction({
        FunctionName: "smoke",
        Runtime: "nodejs20.x",
        Role: "arn:aws:iam::123456789012:role/any",
        Handler: "index.handler",
        Code: { ZipFile: Buffer.from("UEsDBBQAAAAAAAAAIQAAAAAAAAAAAAAAAAABAAAAYVBLAQIUAxQAAAAAAAAAIQAAAAAAAAAAAAAAAAABAAAAAAAAAAAAAACAAQAAAABhUEsFBgAAAAABAAEALwAAAB8AAAAAAA==", "base64") },
    });
    const { Functions } = await lambda.listFunctions({});
    assert.deepEqual(Functions.map((f) => f.FunctionName), ["smoke"]);
    await refused(ResourceNotFoundException, 404, () => lambda.invoke({ FunctionName: "nobody" }));
});

await check("eventbridge", async () => {
    const { EventBridge, ResourceNotFoundException } = sdk("eventbridge");
    const events = new EventBridge(settings);
    await events.putRule({ Name: "smoke", EventPattern: JSON.stringify({ source: ["shop"] }) });
    await events.putTargets({ Rule: "smoke", Targets: [{ Id: "1", Arn: queue, InputPath: "$.detail" }] });
    const done = await events.putEvents({ Entries: [{ Source: "shop", DetailType: "Placed", Detail: '{"n":1}' }] });
    assert.equal(done.FailedEntryCount, 0);
    const sqs = new (sdk("sqs").SQS)(settings);
    const { QueueUrl } = await sqs.getQueueUrl({ QueueName: "smoke" });
    const { Messages } = await sqs.receiveMessage({ QueueUrl });
    assert.deepEqual(JSON.parse(Messages[0].Body), { n: 1 });
    await refused(ResourceNotFoundException, 400, () => events.describeRule({ Name: "nobody" }));
});

await check("scheduler", async () => {
    const { Scheduler, ResourceNotFoundException } = sdk("scheduler");
    const scheduler = new Scheduler(settings);
    await scheduler.createSchedule({
        Name: "smoke",
        ScheduleExpression: "rate(1 day)",
        FlexibleTimeWindow: { Mode: "OFF" },
        State: "DISABLED",
        Target: { Arn: queue, RoleArn: "arn:aws:iam::123456789012:role/any" },
    });
    assert.equal((await scheduler.getSchedule({ Name: "smoke" })).ScheduleExpression, "rate(1 day)");
    await refused(ResourceNotFoundException, 404, () => scheduler.getSchedule({ Name: "nobody" }));
});

child.kill("SIGINT");
await once(child, "exit");
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed || !passed ? 1 : 0);
