"""DynamoDB and its streams by boto3."""

import re
from decimal import Decimal

import boto3.dynamodb.conditions as conditions
from boto3.dynamodb.types import Binary

from endpoint import ACCOUNT, REGION, Checks, configured, session, told

KEY = [{"AttributeName": "id", "KeyType": "HASH"}]
IDS = [{"AttributeName": "id", "AttributeType": "S"}]


def arn(table):
    return f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/{table}"


class DynamoDb(Checks):
    def setUp(self):
        super().setUp()
        self.db = self.endpoint.client("dynamodb")
        self.errors = self.db.exceptions
        self.resource = session().resource("dynamodb", endpoint_url=self.endpoint.url, config=configured())
        told(self.resource.meta.client)
        self.name = self._testMethodName[5:60]

    def table(self, name=None, **more):
        name = name or self.name
        made = dict(TableName=name, KeySchema=KEY, AttributeDefinitions=IDS, BillingMode="PAY_PER_REQUEST")
        self.db.create_table(**{**made, **more})
        self.db.get_waiter("table_exists").wait(TableName=name, WaiterConfig={"Delay": 0})
        return self.resource.Table(name)

    def orders(self):
        """A table with a sort key and two indexes."""
        names = {"customer": "S", "at": "N", "state": "S"}
        index = lambda name, *keys: {  # noqa: E731
            "IndexName": name,
            "KeySchema": [{"AttributeName": k, "KeyType": t} for k, t in zip(keys, ["HASH", "RANGE"])],
            "Projection": {"ProjectionType": "ALL"},
        }
        return self.table(
            KeySchema=index("", "customer", "at")["KeySchema"],
            AttributeDefinitions=[{"AttributeName": n, "AttributeType": t} for n, t in names.items()],
            GlobalSecondaryIndexes=[index("by-state", "state", "at")],
            LocalSecondaryIndexes=[index("local-state", "customer", "state")],
        )

    def test_tables_are_made_changed_and_deleted(self):
        self.table("plain")
        told = self.db.describe_table(TableName="plain")["Table"]
        self.has(told, TableName="plain", TableArn=arn("plain"), TableStatus="ACTIVE", KeySchema=KEY, AttributeDefinitions=IDS, ItemCount=0)
        self.has(told["BillingModeSummary"], BillingMode="PAY_PER_REQUEST")
        self.refused("ResourceInUseException", 400, self.db.create_table, kind=self.errors.ResourceInUseException,
                     message="Table already exists: plain", TableName="plain", KeySchema=KEY, AttributeDefinitions=IDS, BillingMode="PAY_PER_REQUEST")
        changed = self.db.update_table(TableName="plain", StreamSpecification={"StreamEnabled": True, "StreamViewType": "KEYS_ONLY"})
        self.has(changed["TableDescription"]["StreamSpecification"], StreamEnabled=True)
        self.assertIn("plain", self.db.list_tables()["TableNames"])
        self.db.delete_table(TableName="plain")
        self.db.get_waiter("table_not_exists").wait(TableName="plain", WaiterConfig={"Delay": 0})
        gone = ("ResourceNotFoundException", 400)
        none = self.errors.ResourceNotFoundException
        self.refused(*gone, self.db.describe_table, kind=none, message="Requested resource not found: Table: plain not found", TableName="plain")
        self.refused(*gone, self.db.delete_table, kind=none, TableName="plain")
        for call, more in [(self.db.get_item, {"Key": {"id": {"S": "1"}}}), (self.db.put_item, {"Item": {"id": {"S": "1"}}}), (self.db.scan, {})]:
            self.refused(*gone, call, kind=none, message="Requested resource not found", TableName="plain", **more)

    def test_a_wrong_table_is_refused(self):
        create = self.db.create_table
        self.refused("ValidationException", 400, create, TableName="ab", KeySchema=KEY, AttributeDefinitions=IDS, BillingMode="PAY_PER_REQUEST")
        self.refused("ValidationException", 400, create, TableName="abc", KeySchema=KEY, AttributeDefinitions=IDS,
                     message="One or more parameter values were invalid: ReadCapacityUnits and WriteCapacityUnits must both be specified when BillingMode is PROVISIONED")
        self.refused("ValidationException", 400, create, TableName="abc", KeySchema=KEY, BillingMode="PAY_PER_REQUEST",
                     AttributeDefinitions=[{"AttributeName": "other", "AttributeType": "S"}])

    def test_every_type_of_value_comes_back(self):
        table = self.table()
        item = {"id": "1", "n": Decimal("12345678901234567890.123456789012345678"), "small": Decimal("1E-100"), "bytes": Binary(b"\x00\xff"),
                "yes": True, "nothing": None, "list": [1, "a", [Decimal("2.5")]], "map": {"a": {"b": "c"}}, "strings": {"a", "b"},
                "numbers": {Decimal(1), Decimal(2)}, "blobs": {Binary(b"1"), Binary(b"2")}, "empty": "", "text": "grüß 🎈"}
        table.put_item(Item=item)
        self.assertEqual(table.get_item(Key={"id": "1"})["Item"], item)
        self.assertNotIn("Item", table.get_item(Key={"id": "2"}))
        some = table.get_item(Key={"id": "1"}, ProjectionExpression="#m.a, #l[0]", ExpressionAttributeNames={"#m": "map", "#l": "list"})
        self.assertEqual(some["Item"], {"map": {"a": {"b": "c"}}, "list": [1]})

    def test_items_are_put_updated_and_deleted_under_conditions(self):
        table = self.table()
        self.assertEqual(table.put_item(Item={"id": "1", "n": 1}, ReturnValues="ALL_OLD").get("Attributes"), None)
        failed = ("ConditionalCheckFailedException", 400)
        kind = self.errors.ConditionalCheckFailedException
        answer = self.refused(*failed, self.db.put_item, kind=kind, message="The conditional request failed", TableName=self.name, Item={"id": {"S": "1"}},
                            ConditionExpression="attribute_not_exists(id)", ReturnValuesOnConditionCheckFailure="ALL_OLD")
        self.assertEqual(answer["Item"], {"id": {"S": "1"}, "n": {"N": "1"}})
        update = dict(Key={"id": "1"}, UpdateExpression="SET n = n + :one, tags = list_append(if_not_exists(tags, :none), :a) ADD seen :a2",
                      ExpressionAttributeValues={":one": 1, ":none": [], ":a": ["x"], ":a2": {"x"}})
        self.assertEqual(table.update_item(**update, ReturnValues="UPDATED_NEW")["Attributes"], {"n": 2, "tags": ["x"], "seen": {"x"}})
        self.refused(*failed, self.db.update_item, kind=kind, TableName=self.name, Key={"id": {"S": "1"}}, UpdateExpression="SET n = :z",
                     ConditionExpression="n > :big", ExpressionAttributeValues={":z": {"N": "0"}, ":big": {"N": "5"}})
        self.refused(*failed, self.db.delete_item, kind=kind, TableName=self.name, Key={"id": {"S": "2"}}, ConditionExpression="attribute_exists(id)")
        old = table.delete_item(Key={"id": "1"}, ReturnValues="ALL_OLD")["Attributes"]
        self.assertEqual(old["n"], 2)

    def test_what_is_wrong_with_a_request_is_said(self):
        self.table()
        wrong = ("ValidationException", 400)
        put, update, get = self.db.put_item, self.db.update_item, self.db.get_item
        named = dict(TableName=self.name)
        self.refused(*wrong, put, **named, Item={"other": {"S": "x"}}, message="One or more parameter values were invalid: Missing the key id in the item")
        self.refused(*wrong, put, **named, Item={"id": {"N": "1"}},
                     message="One or more parameter values were invalid: Type mismatch for key id expected: S actual: N")
        self.refused(*wrong, put, **named, Item={"id": {"S": ""}},
                     message="One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an empty string value. Key: id")
        self.refused(*wrong, get, **named, Key={"other": {"S": "x"}}, message="The provided key element does not match the schema")
        self.refused(*wrong, put, **named, Item={"id": {"S": "1"}, "x": {"S": "y" * 410_000}}, message="Item size has exceeded the maximum allowed size")
        key = {"id": {"S": "1"}}
        self.refused(*wrong, update, **named, Key=key, UpdateExpression="SET id = :a", ExpressionAttributeValues={":a": {"S": "2"}},
                     message="One or more parameter values were invalid: Cannot update attribute id. This attribute is part of the key")
        self.refused(*wrong, update, **named, Key=key, UpdateExpression="SET a = :a",
                     message=re.compile("Invalid UpdateExpression: An expression attribute value used in expression is not defined; attribute value: :a$"))
        self.refused(*wrong, update, **named, Key=key, UpdateExpression="SET a = :a", ExpressionAttributeValues={":a": {"S": "x"}, ":b": {"S": "y"}},
                     message=re.compile("Value provided in ExpressionAttributeValues unused in expressions: keys: {:b}$"))
        self.refused(*wrong, put, **named, Item=key, ConditionExpression="status = :a", ExpressionAttributeValues={":a": {"S": "x"}},
                     message=re.compile("Invalid ConditionExpression: Attribute name is a reserved keyword; reserved keyword: status$"))
        self.refused(*wrong, self.db.query, **named, KeyConditionExpression="elsewhere = :a", ExpressionAttributeValues={":a": {"S": "x"}},
                     message="Query condition missed key schema element: id")

    def test_queries_go_by_key_and_by_index(self):
        table = self.orders()
        with table.batch_writer() as batch:
            for n in range(30):
                batch.put_item(Item={"customer": f"c{n % 2}", "at": n, "state": "NEW" if n % 3 else "PAID"})
        key = conditions.Key
        ats = lambda answer: [int(item["at"]) for item in answer["Items"]]  # noqa: E731
        found = table.query(KeyConditionExpression=key("customer").eq("c1") & key("at").between(5, 11))
        self.assertEqual(ats(found), [5, 7, 9, 11])
        found = table.query(KeyConditionExpression=key("customer").eq("c1"), ScanIndexForward=False, Limit=2)
        self.assertEqual((ats(found), found["LastEvaluatedKey"]), ([29, 27], {"customer": "c1", "at": 27}))
        found = table.query(IndexName="by-state", KeyConditionExpression=key("state").eq("PAID") & key("at").lt(10))
        self.assertEqual(ats(found), [0, 3, 6, 9])
        found = table.query(IndexName="local-state", KeyConditionExpression=key("customer").eq("c0") & key("state").begins_with("PA"))
        self.assertEqual(sorted(ats(found)), [0, 6, 12, 18, 24])
        found = table.query(KeyConditionExpression=key("customer").eq("c0"), FilterExpression=conditions.Attr("state").eq("PAID"))
        self.assertEqual((found["Count"], found["ScannedCount"]), (5, 15))
        self.assertEqual(table.query(KeyConditionExpression=key("customer").eq("c0"), Select="COUNT")["Count"], 15)
        pages = list(self.db.get_paginator("scan").paginate(TableName=self.name, PaginationConfig={"PageSize": 7}))
        self.assertEqual(sum(page["Count"] for page in pages), 30)
        self.assertEqual(len(pages), 5)
        pages = self.db.get_paginator("query").paginate(TableName=self.name, KeyConditionExpression="customer = :c",
                                                        ExpressionAttributeValues={":c": {"S": "c0"}}, PaginationConfig={"PageSize": 4})
        self.assertEqual([page["Count"] for page in pages], [4, 4, 4, 3])
        both = [self.db.scan(TableName=self.name, Segment=n, TotalSegments=2)["Count"] for n in range(2)]
        self.assertEqual(sum(both), 30)

    def test_batches_read_and_write(self):
        self.table()
        items = [{"PutRequest": {"Item": {"id": {"S": str(n)}}}} for n in range(25)]
        self.assertEqual(self.db.batch_write_item(RequestItems={self.name: items})["UnprocessedItems"], {})
        got = self.db.batch_get_item(RequestItems={self.name: {"Keys": [{"id": {"S": str(n)}} for n in range(30)]}})
        self.assertEqual((len(got["Responses"][self.name]), got["UnprocessedKeys"]), (25, {}))
        wrong = ("ValidationException", 400)
        self.refused(*wrong, self.db.batch_write_item, RequestItems={self.name: items + items[:1]})
        self.refused(*wrong, self.db.batch_write_item, RequestItems={self.name: items[:1] * 2}, message="Provided list of item keys contains duplicates")
        self.refused(*wrong, self.db.batch_get_item, RequestItems={self.name: {"Keys": [{"id": {"S": "1"}}] * 2}}, message="Provided list of item keys contains duplicates")
        self.refused("ResourceNotFoundException", 400, self.db.batch_write_item, RequestItems={"nobody": items[:1]})

    def test_transactions_do_all_or_nothing(self):
        self.table()
        key = lambda n: {"TableName": self.name, "Key": {"id": {"S": n}}}  # noqa: E731
        put = lambda n, **more: {"Put": {"TableName": self.name, "Item": {"id": {"S": n}}, **more}}  # noqa: E731
        self.db.transact_write_items(TransactItems=[put("1"), put("2")])
        got = self.db.transact_get_items(TransactItems=[{"Get": key("1")}, {"Get": key("9")}])["Responses"]
        self.assertEqual([r.get("Item") for r in got], [{"id": {"S": "1"}}, None])
        new = dict(ConditionExpression="attribute_not_exists(id)")
        answer = self.refused("TransactionCanceledException", 400, self.db.transact_write_items, kind=self.errors.TransactionCanceledException,
                            message="Transaction cancelled, please refer cancellation reasons for specific reasons [None, ConditionalCheckFailed]",
                            TransactItems=[put("3"), put("1", **new)])
        self.assertEqual([r["Code"] for r in answer["CancellationReasons"]], ["None", "ConditionalCheckFailed"])
        self.assertNotIn("Item", self.db.get_item(**key("3")))
        self.refused("ValidationException", 400, self.db.transact_write_items, TransactItems=[put("4"), put("4")],
                     message="Transaction request cannot include multiple operations on one item")
        token = dict(ClientRequestToken="same")
        self.db.transact_write_items(TransactItems=[put("5")], **token)
        self.db.transact_write_items(TransactItems=[put("5")], **token)
        self.refused("IdempotentParameterMismatchException", 400, self.db.transact_write_items,
                     kind=self.errors.IdempotentParameterMismatchException, TransactItems=[put("6")], **token)

    def test_statements_are_understood(self):
        self.table()
        run = self.db.execute_statement
        run(Statement=f"""INSERT INTO "{self.name}" VALUE {{'id': '1', 'n': 1}}""")
        self.refused("DuplicateItemException", 400, run, kind=self.errors.DuplicateItemException,
                     Statement=f"""INSERT INTO "{self.name}" VALUE {{'id': '1'}}""")
        run(Statement=f'UPDATE "{self.name}" SET n = ? WHERE id = ?', Parameters=[{"N": "5"}, {"S": "1"}])
        got = run(Statement=f'SELECT n FROM "{self.name}" WHERE id = ?', Parameters=[{"S": "1"}])["Items"]
        self.assertEqual(got, [{"n": {"N": "5"}}])
        both = self.db.batch_execute_statement(Statements=[{"Statement": f"""SELECT * FROM "{self.name}" WHERE id = '{n}'"""} for n in "12"])
        self.assertEqual(both["Responses"][0]["Item"]["id"], {"S": "1"})
        self.db.execute_transaction(TransactStatements=[{"Statement": f"""INSERT INTO "{self.name}" VALUE {{'id': '2'}}"""}])
        self.refused("ValidationException", 400, run, Statement="SELEC nonsense")

    def test_tags_expiry_and_what_the_service_says_of_itself(self):
        self.table()
        self.db.tag_resource(ResourceArn=arn(self.name), Tags=[{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}])
        self.db.untag_resource(ResourceArn=arn(self.name), TagKeys=["a"])
        self.assertEqual(self.db.list_tags_of_resource(ResourceArn=arn(self.name))["Tags"], [{"Key": "b", "Value": "2"}])
        self.has(self.db.describe_time_to_live(TableName=self.name)["TimeToLiveDescription"], TimeToLiveStatus="DISABLED")
        self.db.update_time_to_live(TableName=self.name, TimeToLiveSpecification={"Enabled": True, "AttributeName": "until"})
        self.has(self.db.describe_time_to_live(TableName=self.name)["TimeToLiveDescription"], TimeToLiveStatus="ENABLED", AttributeName="until")
        self.assertIn("TableMaxReadCapacityUnits", self.db.describe_limits())
        self.has(self.db.describe_continuous_backups(TableName=self.name)["ContinuousBackupsDescription"], ContinuousBackupsStatus="ENABLED")
        self.refused("TableNotFoundException", 400, self.db.describe_continuous_backups, kind=self.errors.TableNotFoundException, TableName="nobody")
        self.assertTrue(self.db.describe_endpoints()["Endpoints"][0]["Address"])

    def test_streams_tell_what_changed(self):
        table = self.table(StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"})
        streams = self.endpoint.client("dynamodbstreams")
        table.put_item(Item={"id": "1", "n": 1})
        table.put_item(Item={"id": "1", "n": 2})
        table.delete_item(Key={"id": "1"})
        stream = streams.list_streams(TableName=self.name)["Streams"][0]["StreamArn"]
        self.assertEqual(stream, self.db.describe_table(TableName=self.name)["Table"]["LatestStreamArn"])
        told = streams.describe_stream(StreamArn=stream)["StreamDescription"]
        self.has(told, StreamStatus="ENABLED", StreamViewType="NEW_AND_OLD_IMAGES", TableName=self.name)
        shard = told["Shards"][0]["ShardId"]
        at = streams.get_shard_iterator(StreamArn=stream, ShardId=shard, ShardIteratorType="TRIM_HORIZON")["ShardIterator"]
        records = streams.get_records(ShardIterator=at)["Records"]
        self.assertEqual([r["eventName"] for r in records], ["INSERT", "MODIFY", "REMOVE"])
        self.has(records[1]["dynamodb"], Keys={"id": {"S": "1"}}, NewImage={"id": {"S": "1"}, "n": {"N": "2"}}, OldImage={"id": {"S": "1"}, "n": {"N": "1"}})
        self.refused("ResourceNotFoundException", 400, streams.describe_stream, kind=streams.exceptions.ResourceNotFoundException, StreamArn=stream + "0")

    def test_paginators_see_every_table(self):
        for n in range(5):
            self.table(f"page-{n}")
        names = [name for page in self.db.get_paginator("list_tables").paginate(PaginationConfig={"PageSize": 2}) for name in page["TableNames"]]
        self.assertEqual([n for n in names if n.startswith("page-")], [f"page-{n}" for n in range(5)])
