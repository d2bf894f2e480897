"""S3 by boto3: path style and virtual hosts."""

import datetime
import hashlib
import io
import json
import os
import urllib.error
import urllib.request

from boto3.s3.transfer import TransferConfig

from endpoint import ACCOUNT, REGION, Checks, configured, session, told

MB = 1024 * 1024


class S3(Checks):
    def setUp(self):
        super().setUp()
        self.s3 = self.client()
        self.errors = self.s3.exceptions
        self.bucket = self._testMethodName[5:].replace("_", "-")[:60].rstrip("-")
        self.s3.create_bucket(Bucket=self.bucket)
        self.of = {"Bucket": self.bucket}

    def client(self):
        return self.endpoint.client("s3", s3={"addressing_style": "path"})

    def put(self, key, body=b"x", **more):
        return self.s3.put_object(**self.of, Key=key, Body=body, **more)

    def body(self, key, **more):
        return self.s3.get_object(**self.of, Key=key, **more)["Body"].read()

    def keys(self, **more):
        return [item["Key"] for item in self.s3.list_objects_v2(**self.of, **more).get("Contents", [])]

    def test_buckets_are_made_and_deleted(self):
        self.s3.head_bucket(**self.of)
        self.assertIn(self.bucket, [b["Name"] for b in self.s3.list_buckets()["Buckets"]])
        self.assertIsNone(self.s3.get_bucket_location(**self.of)["LocationConstraint"])
        self.put("a")
        self.refused("BucketNotEmpty", 409, self.s3.delete_bucket, **self.of)
        self.s3.delete_object(**self.of, Key="a")
        self.s3.delete_bucket(**self.of)
        self.s3.get_waiter("bucket_not_exists").wait(**self.of, WaiterConfig={"Delay": 0})
        self.refused("404", 404, self.s3.head_bucket, **self.of)
        none = self.errors.NoSuchBucket
        self.refused("NoSuchBucket", 404, self.s3.list_objects_v2, kind=none, message="The specified bucket does not exist", **self.of)
        self.refused("NoSuchBucket", 404, self.s3.get_object, kind=none, **self.of, Key="a")
        self.refused("NoSuchBucket", 404, self.s3.put_object, kind=none, **self.of, Key="a")
        self.refused("NoSuchBucket", 404, self.s3.delete_bucket, kind=none, **self.of)
        self.s3.create_bucket(**self.of)
        self.s3.get_waiter("bucket_exists").wait(**self.of, WaiterConfig={"Delay": 0})

    def test_bad_buckets_are_refused(self):
        for name in ["Upper", "a..b", "ab", "192.168.0.1"]:
            self.refused("InvalidBucketName", 400, self.client().create_bucket, Bucket=name)

    def test_objects_come_back_as_they_were(self):
        body = "grüß 🎈".encode()
        put = self.put("a b/ü+?&=%/c.txt", body, ContentType="text/plain", Metadata={"team": "pay"}, CacheControl="no-cache")
        self.assertEqual(put["ETag"], f'"{hashlib.md5(body).hexdigest()}"')
        got = self.s3.get_object(**self.of, Key="a b/ü+?&=%/c.txt")
        self.has(got, ContentLength=len(body), ContentType="text/plain", Metadata={"team": "pay"}, CacheControl="no-cache", ETag=put["ETag"], AcceptRanges="bytes")
        self.assertEqual(got["Body"].read(), body)
        head = self.s3.head_object(**self.of, Key="a b/ü+?&=%/c.txt")
        self.has(head, ContentLength=len(body), ContentType="text/plain", Metadata={"team": "pay"})
        self.put("plain")
        self.has(self.s3.head_object(**self.of, Key="plain"), ContentType="binary/octet-stream", Metadata={})
        self.refused("NoSuchKey", 404, self.s3.get_object, kind=self.errors.NoSuchKey, message="The specified key does not exist.", **self.of, Key="no")
        self.refused("404", 404, self.s3.head_object, **self.of, Key="no")
        # No error: it is gone either way.
        self.s3.delete_object(**self.of, Key="no")
        self.refused("KeyTooLongError", 400, self.s3.put_object, **self.of, Key="k" * 1025)
        self.s3.get_waiter("object_exists").wait(**self.of, Key="plain", WaiterConfig={"Delay": 0})
        self.s3.get_waiter("object_not_exists").wait(**self.of, Key="no", WaiterConfig={"Delay": 0})

    def test_parts_of_objects_are_read(self):
        self.put("r", b"0123456789")
        got = self.s3.get_object(**self.of, Key="r", Range="bytes=2-4")
        self.has(got, ContentRange="bytes 2-4/10", ContentLength=3)
        self.assertEqual(got["ResponseMetadata"]["HTTPStatusCode"], 206)
        self.assertEqual(got["Body"].read(), b"234")
        self.assertEqual(self.body("r", Range="bytes=-3"), b"789")
        self.assertEqual(self.body("r", Range="bytes=7-"), b"789")
        self.refused("InvalidRange", 416, self.s3.get_object, **self.of, Key="r", Range="bytes=10-")
        self.put("empty", b"")
        self.assertEqual(self.body("empty"), b"")

    def test_conditions_are_kept(self):
        tag = self.put("c", b"1")["ETag"]
        put, get = self.s3.put_object, self.s3.get_object
        self.refused("PreconditionFailed", 412, put, **self.of, Key="c", Body=b"2", IfNoneMatch="*")
        self.refused("PreconditionFailed", 412, put, **self.of, Key="c", Body=b"2", IfMatch='"0"')
        self.refused("NoSuchKey", 404, put, **self.of, Key="new", Body=b"2", IfMatch=tag)
        self.refused("304", 304, get, **self.of, Key="c", IfNoneMatch=tag)
        self.refused("PreconditionFailed", 412, get, **self.of, Key="c", IfMatch='"0"')
        later = datetime.datetime(2100, 1, 1, tzinfo=datetime.timezone.utc)
        self.refused("304", 304, get, **self.of, Key="c", IfModifiedSince=later.replace(year=2025))
        self.put("c", b"2", IfMatch=tag)
        self.assertEqual(self.body("c"), b"2")

    def test_checksums_are_checked_and_told(self):
        for name in ["CRC32", "SHA1", "SHA256"]:
            put = self.put(name, b"hello", ChecksumAlgorithm=name)
            self.assertIn(f"Checksum{name}", put)
            # botocore checks what it reads against it.
            got = self.s3.get_object(**self.of, Key=name, ChecksumMode="ENABLED")
            self.assertEqual(got["Body"].read(), b"hello")
            self.assertEqual(got[f"Checksum{name}"], put[f"Checksum{name}"])
        self.refused("BadDigest", 400, self.s3.put_object, **self.of, Key="bad", Body=b"x", ContentMD5="1B2M2Y8AsgTpgAmY7PhCfg==")
        self.refused("BadDigest", 400, self.s3.put_object, **self.of, Key="bad", Body=b"x", ChecksumCRC32="AAAAAA==")
        told = self.s3.get_object_attributes(**self.of, Key="SHA256", ObjectAttributes=["ETag", "Checksum", "ObjectSize"])
        self.has(told, ObjectSize=5, ETag=hashlib.md5(b"hello").hexdigest())

    def test_objects_are_copied(self):
        self.put("from", b"copied", Metadata={"a": "1"}, ContentType="text/plain")
        copied = self.s3.copy_object(**self.of, Key="to", CopySource={**self.of, "Key": "from"})
        self.assertEqual(copied["CopyObjectResult"]["ETag"], f'"{hashlib.md5(b"copied").hexdigest()}"')
        self.has(self.s3.head_object(**self.of, Key="to"), Metadata={"a": "1"}, ContentType="text/plain")
        self.s3.copy_object(**self.of, Key="to", CopySource={**self.of, "Key": "from"}, MetadataDirective="REPLACE", Metadata={"b": "2"})
        self.has(self.s3.head_object(**self.of, Key="to"), Metadata={"b": "2"})
        self.refused("NoSuchKey", 404, self.s3.copy_object, **self.of, Key="to", CopySource={**self.of, "Key": "no"})
        self.refused("InvalidRequest", 400, self.s3.copy_object, **self.of, Key="from", CopySource={**self.of, "Key": "from"})

    def test_lists_have_pages_folders_and_odd_names(self):
        for key in ["a/1", "a/2", "b/1", "c", "d e+ü"]:
            self.put(key)
        self.assertEqual(self.keys(), ["a/1", "a/2", "b/1", "c", "d e+ü"])
        self.assertEqual(self.keys(Prefix="a/", StartAfter="a/1"), ["a/2"])
        listed = self.s3.list_objects_v2(**self.of, Delimiter="/")
        self.assertEqual([p["Prefix"] for p in listed["CommonPrefixes"]], ["a/", "b/"])
        self.has(listed, KeyCount=4, IsTruncated=False)
        pages = list(self.s3.get_paginator("list_objects_v2").paginate(**self.of, PaginationConfig={"PageSize": 2}))
        self.assertEqual([page["KeyCount"] for page in pages], [2, 2, 1])
        pages = list(self.s3.get_paginator("list_objects").paginate(**self.of, PaginationConfig={"PageSize": 2}))
        self.assertEqual([len(page["Contents"]) for page in pages], [2, 2, 1])
        self.refused("InvalidArgument", 400, self.s3.list_objects_v2, **self.of, ContinuationToken="nonsense")
        deleted = self.s3.delete_objects(**self.of, Delete={"Objects": [{"Key": k} for k in ["a/1", "no", "d e+ü"]]})
        self.assertEqual(sorted(d["Key"] for d in deleted["Deleted"]), ["a/1", "d e+ü", "no"])
        self.assertEqual(self.keys(), ["a/2", "b/1", "c"])
        self.refused("MalformedXML", 400, self.s3.delete_objects, **self.of, Delete={"Objects": []})

    def test_large_files_go_in_parts(self):
        body = os.urandom(12 * MB)
        config = TransferConfig(multipart_threshold=5 * MB, multipart_chunksize=5 * MB)
        self.s3.upload_fileobj(io.BytesIO(body), self.bucket, "big", Config=config)
        head = self.s3.head_object(**self.of, Key="big")
        self.assertTrue(head["ETag"].endswith('-3"'), head["ETag"])
        back = io.BytesIO()
        self.s3.download_fileobj(self.bucket, "big", back, Config=config)
        self.assertEqual(hashlib.sha256(back.getvalue()).digest(), hashlib.sha256(body).digest())
        self.s3.copy({**self.of, "Key": "big"}, self.bucket, "big-too", Config=config)
        self.assertEqual(self.s3.head_object(**self.of, Key="big-too")["ContentLength"], 12 * MB)

    def test_uploads_can_be_followed_and_given_up(self):
        begin = self.s3.create_multipart_upload(**self.of, Key="m", Metadata={"a": "1"})
        which = dict(**self.of, Key="m", UploadId=begin["UploadId"])
        parts = []
        for n, body in [(1, b"a" * 5 * MB), (2, b"b")]:
            parts.append({"PartNumber": n, "ETag": self.s3.upload_part(**which, PartNumber=n, Body=body)["ETag"]})
        self.assertEqual([u["Key"] for u in self.s3.list_multipart_uploads(**self.of)["Uploads"]], ["m"])
        self.assertEqual([p["Size"] for p in self.s3.list_parts(**which)["Parts"]], [5 * MB, 1])
        complete = self.s3.complete_multipart_upload
        self.refused("InvalidPart", 400, complete, **which, MultipartUpload={"Parts": [{"PartNumber": 1, "ETag": '"0"'}]})
        self.refused("InvalidPartOrder", 400, complete, **which, MultipartUpload={"Parts": parts[::-1]})
        done = complete(**which, MultipartUpload={"Parts": parts})
        self.assertTrue(done["ETag"].endswith('-2"'))
        self.has(self.s3.head_object(**self.of, Key="m"), ContentLength=5 * MB + 1, Metadata={"a": "1"})
        given_up = self.s3.create_multipart_upload(**self.of, Key="n")["UploadId"]
        copied = self.s3.upload_part_copy(**self.of, Key="n", UploadId=given_up, PartNumber=1, CopySource={**self.of, "Key": "m"}, CopySourceRange="bytes=0-9")
        self.assertIn("ETag", copied["CopyPartResult"])
        self.s3.abort_multipart_upload(**self.of, Key="n", UploadId=given_up)
        gone = ("NoSuchUpload", 404)
        self.refused(*gone, self.s3.abort_multipart_upload, kind=self.errors.NoSuchUpload, **self.of, Key="n", UploadId=given_up)
        self.refused(*gone, self.s3.upload_part, **self.of, Key="n", UploadId=given_up, PartNumber=1, Body=b"x")
        self.refused(*gone, self.s3.list_parts, **self.of, Key="n", UploadId=given_up)
        small = self.s3.create_multipart_upload(**self.of, Key="s")["UploadId"]
        which = dict(**self.of, Key="s", UploadId=small)
        parts = [{"PartNumber": n, "ETag": self.s3.upload_part(**which, PartNumber=n, Body=b"x")["ETag"]} for n in (1, 2)]
        self.refused("EntityTooSmall", 400, complete, **which, MultipartUpload={"Parts": parts})

    def test_versions_are_kept(self):
        self.assertNotIn("Status", self.s3.get_bucket_versioning(**self.of))
        self.s3.put_bucket_versioning(**self.of, VersioningConfiguration={"Status": "Enabled"})
        self.assertEqual(self.s3.get_bucket_versioning(**self.of)["Status"], "Enabled")
        first, second = [self.put("v", body)["VersionId"] for body in (b"1", b"2")]
        self.assertEqual(self.body("v"), b"2")
        self.assertEqual(self.body("v", VersionId=first), b"1")
        gone = self.s3.delete_object(**self.of, Key="v")
        self.assertTrue(gone["DeleteMarker"])
        told = self.refused("NoSuchKey", 404, self.s3.get_object, **self.of, Key="v")
        self.assertEqual(told["ResponseMetadata"]["HTTPHeaders"]["x-amz-delete-marker"], "true")
        self.refused("MethodNotAllowed", 405, self.s3.get_object, **self.of, Key="v", VersionId=gone["VersionId"])
        listed = self.s3.list_object_versions(**self.of)
        self.assertEqual([(v["VersionId"], v["IsLatest"]) for v in listed["Versions"]], [(second, False), (first, False)])
        self.assertEqual([m["VersionId"] for m in listed["DeleteMarkers"]], [gone["VersionId"]])
        pages = self.s3.get_paginator("list_object_versions").paginate(**self.of, PaginationConfig={"PageSize": 1})
        self.assertEqual(len(list(pages)), 3)
        self.s3.delete_object(**self.of, Key="v", VersionId=gone["VersionId"])
        self.assertEqual(self.body("v"), b"2")
        self.refused("NoSuchVersion", 404, self.s3.get_object, **self.of, Key="v", VersionId=first[:-1] + ("a" if first[-1] != "a" else "b"))

    def test_tags_of_objects_and_buckets(self):
        tags = {"TagSet": [{"Key": "a", "Value": "1"}, {"Key": "b c", "Value": "2&3"}]}
        self.put("t", Tagging="a=1&b%20c=2%263")
        self.assertEqual(self.s3.get_object_tagging(**self.of, Key="t")["TagSet"], tags["TagSet"])
        self.assertEqual(self.s3.get_object(**self.of, Key="t")["TagCount"], 2)
        self.s3.delete_object_tagging(**self.of, Key="t")
        self.assertEqual(self.s3.get_object_tagging(**self.of, Key="t")["TagSet"], [])
        self.s3.put_object_tagging(**self.of, Key="t", Tagging=tags)
        self.assertEqual(self.s3.get_object_tagging(**self.of, Key="t")["TagSet"], tags["TagSet"])
        same = {"TagSet": [{"Key": "a", "Value": "1"}] * 2}
        self.refused("InvalidTag", 400, self.s3.put_object_tagging, **self.of, Key="t", Tagging=same)
        self.refused("NoSuchTagSet", 404, self.s3.get_bucket_tagging, **self.of)
        self.s3.put_bucket_tagging(**self.of, Tagging=tags)
        self.assertEqual(self.s3.get_bucket_tagging(**self.of)["TagSet"], tags["TagSet"])
        self.s3.delete_bucket_tagging(**self.of)
        self.refused("NoSuchTagSet", 404, self.s3.get_bucket_tagging, **self.of)

    def fetched(self, url, method="GET", data=None):
        asked = urllib.request.Request(url, method=method, data=data)
        try:
            with urllib.request.urlopen(asked) as answer:
                return answer.status, answer.read()
        except urllib.error.HTTPError as error:
            return error.code, error.read()

    def test_addresses_are_presigned(self):
        # The endpoint's clock says whether an address is still good: presigned now, it is not yet.
        sign = self.s3.generate_presigned_url
        url = sign("put_object", {**self.of, "Key": "p q"})
        self.assertEqual(self.fetched(url, "PUT", b"signed")[0], 200)
        self.assertEqual(self.fetched(sign("get_object", {**self.of, "Key": "p q"})), (200, b"signed"))
        status, body = self.fetched(sign("get_object", {**self.of, "Key": "no"}))
        self.assertEqual((status, b"<Code>NoSuchKey</Code>" in body), (404, True))

    def test_a_queue_hears_of_objects(self):
        sqs = self.endpoint.client("sqs")
        url = sqs.create_queue(QueueName=self.bucket)["QueueUrl"]
        arn = f"arn:aws:sqs:{REGION}:{ACCOUNT}:{self.bucket}"
        wanted = {"Events": ["s3:ObjectCreated:*"], "QueueArn": arn, "Id": "n",
                  "Filter": {"Key": {"FilterRules": [{"Name": "Suffix", "Value": ".csv"}]}}}
        self.s3.put_bucket_notification_configuration(**self.of, NotificationConfiguration={"QueueConfigurations": [wanted]})
        told = self.s3.get_bucket_notification_configuration(**self.of)["QueueConfigurations"]
        self.assertEqual((told[0]["QueueArn"], told[0]["Events"]), (arn, ["s3:ObjectCreated:*"]))
        self.put("a.txt")
        self.put("dir/a b.csv", b"12345")
        got = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10)["Messages"]
        records = [json.loads(m["Body"]).get("Records", []) for m in got]
        records = [r for some in records for r in some]
        self.assertEqual([(r["eventName"], r["s3"]["object"]["key"], r["s3"]["object"]["size"]) for r in records],
                         [("ObjectCreated:Put", "dir/a+b.csv", 5)])

    def test_what_is_not_modelled_is_named(self):
        rules = [{"AllowedMethods": ["GET"], "AllowedOrigins": ["*"]}]
        for what, call, more in [
            ("acl", self.s3.put_bucket_acl, {"ACL": "public-read"}),
            ("policy", self.s3.get_bucket_policy, {}),
            ("cors", self.s3.put_bucket_cors, {"CORSConfiguration": {"CORSRules": rules}}),
            ("acl", self.s3.get_object_acl, {"Key": "a"}),
            ("lifecycle", self.s3.delete_bucket_lifecycle, {}),
        ]:
            told = self.refused("NotModelled", 501, call, **self.of, **more)
            self.assertIn(f"?{what} of S3 is not modelled", told["Error"]["Message"])
        self.s3.head_bucket(**self.of)


class S3ByVirtualHosts(Checks):
    """Buckets in AWS's own host names, by a proxy: `bucket.s3.amazonaws.com`."""

    def test_a_bucket_is_a_part_of_the_host(self):
        config = configured(s3={"addressing_style": "virtual"}, proxies={"http": self.endpoint.url})
        s3 = told(session().client("s3", use_ssl=False, config=config))
        hosts = set()
        s3.meta.events.register("before-send.s3.*", lambda request, **_: hosts.add(request.url.split("/")[2]))
        s3.create_bucket(Bucket="virtual")
        s3.put_object(Bucket="virtual", Key="a/b c", Body=b"x")
        self.assertEqual(s3.get_object(Bucket="virtual", Key="a/b c")["Body"].read(), b"x")
        self.assertEqual(hosts, {"virtual.s3.amazonaws.com"})
        self.refused("NoSuchBucket", 404, s3.list_objects_v2, Bucket="other")
