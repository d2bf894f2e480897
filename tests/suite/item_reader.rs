//! ItemReaders of a distributed Map: manifests, listings that are loaded, compressed objects.

use rehearsal::mock::Reply;
use rehearsal::prelude::*;
use rehearsal::scenario::ScenarioFile;
use serde_json::Value;

use super::support::{Folder, WORK, single};

fn mapped(reader: Value) -> Machine {
    single(json!({
        "Type": "Map", "ItemReader": reader,
        "ItemSelector": { "item.$": "$$.Map.Item.Value", "from.$": "$$.Map.Item.Source" },
        "ItemProcessor": {
            "ProcessorConfig": { "Mode": "DISTRIBUTED", "ExecutionType": "STANDARD" },
            "StartAt": "Work",
            "States": { "Work": { "Type": "Task", "Resource": WORK, "End": true } }
        }
    }))
}

fn get(config: Value, key: &str) -> Machine {
    mapped(json!({
        "Resource": "arn:aws:states:::s3:getObject", "ReaderConfig": config, "Parameters": { "Bucket": "data", "Key": key }
    }))
}

fn list(config: Value, more: Value) -> Machine {
    let mut parameters = json!({ "Bucket": "data" });
    parameters.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    mapped(json!({
        "Resource": "arn:aws:states:::s3:listObjectsV2", "ReaderConfig": config, "Parameters": parameters
    }))
}

fn with(machine: &Machine, objects: &[(&str, &[u8])]) -> Harness {
    let harness = Harness::new(machine).mock("Work", mock::answers(|c| Reply::done(c.payload.clone())));
    objects.iter().fold(harness, |harness, (key, body)| harness.object("data", key, body))
}

/// The items, and where each comes from.
#[track_caller]
fn read(machine: &Machine, objects: &[(&str, &[u8])]) -> (Value, Vec<String>) {
    let run = with(machine, objects).run(json!({}));
    run.assert_succeeded();
    let all = run.output().unwrap();
    let all = all.as_array().unwrap();
    let sources = all.iter().map(|i| i["from"].as_str().unwrap().to_owned()).collect();
    (all.iter().map(|i| i["item"].clone()).collect(), sources)
}

/// A gzip stream of stored bytes, which needs no compressor.
fn gzip(text: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 255, 1];
    let length = u16::try_from(text.len()).unwrap();
    bytes.extend(length.to_le_bytes());
    bytes.extend((!length).to_le_bytes());
    bytes.extend(text);
    bytes.extend(crc32fast::hash(text).to_le_bytes());
    bytes.extend(u32::from(length).to_le_bytes());
    bytes
}

const INVENTORY: &[u8] = br#"{
    "sourceBucket": "photos", "destinationBucket": "arn:aws:s3:::data", "version": "2016-11-30",
    "creationTimestamp": "1704067200000", "fileFormat": "CSV", "fileSchema": "Bucket, Key, Size",
    "files": [{ "key": "lists/1.csv.gz", "size": 60 }, { "key": "lists/2.csv.gz", "size": 30 }]
}"#;

#[cfg(feature = "gzip")]
#[test]
fn an_inventory_gives_the_rows_of_its_compressed_files() {
    let first = gzip(b"\"photos\",\"a.jpg\",\"12\"\n\"photos\",\"b.jpg\",\"7\"\n");
    let second = gzip(b"\"photos\",\"c%20d.jpg\",\"3\"\n");
    let objects: [(&str, &[u8]); 3] =
        [("lists/manifest.json", INVENTORY), ("lists/1.csv.gz", &first), ("lists/2.csv.gz", &second)];
    let rows = json!([
        { "Bucket": "photos", "Key": "a.jpg", "Size": "12" },
        { "Bucket": "photos", "Key": "b.jpg", "Size": "7" },
        { "Bucket": "photos", "Key": "c%20d.jpg", "Size": "3" },
    ]);
    for config in [json!({ "InputType": "MANIFEST" }), json!({ "ManifestType": "S3_INVENTORY" })] {
        let (items, sources) = read(&get(config, "lists/manifest.json"), &objects);
        assert_eq!(items, rows);
        assert_eq!(sources[0], "S3://data/lists/manifest.json");
    }
    let (items, _) = read(&get(json!({ "InputType": "MANIFEST", "MaxItems": 2 }), "lists/manifest.json"), &objects);
    assert_eq!(items.as_array().unwrap().len(), 2);
}

#[test]
fn an_inventory_without_one_of_its_files_fails_the_reader() {
    let state = get(json!({ "InputType": "MANIFEST" }), "lists/manifest.json");
    let run = with(&state, &[("lists/manifest.json", INVENTORY)]).run(json!({}));
    run.assert_failed("States.ItemReaderFailed").assert_cause_contains("lists/1.csv.gz");
    let other = br#"{"fileFormat": "ORC", "fileSchema": "struct<bucket:string>", "files": []}"#;
    let run = with(&state, &[("lists/manifest.json", other)]).run(json!({}));
    run.assert_failed("States.ItemReaderFailed").assert_cause_contains("ORC");
}

#[test]
fn athenas_manifest_gives_the_rows_of_the_files_that_it_names() {
    let manifest = b"s3://data/out/1\ns3://data/out/2\n";
    let objects: [(&str, &[u8]); 3] =
        [("out/q-manifest.csv", manifest), ("out/1", b"{\"id\": 1}\n{\"id\": 2}\n"), ("out/2", b"{\"id\": 3}\n")];
    let (items, _) =
        read(&get(json!({ "ManifestType": "ATHENA_DATA", "InputType": "JSONL" }), "out/q-manifest.csv"), &objects);
    assert_eq!(items, json!([{ "id": 1 }, { "id": 2 }, { "id": 3 }]));
    let objects: [(&str, &[u8]); 3] =
        [("out/q-manifest.csv", manifest), ("out/1", b"1,Ann\n"), ("out/2", b"2,\"Bo, B.\"\n")];
    let config = json!({
        "ManifestType": "ATHENA_DATA", "InputType": "CSV", "CSVHeaderLocation": "GIVEN", "CSVHeaders": ["id", "name"]
    });
    let (items, _) = read(&get(config, "out/q-manifest.csv"), &objects);
    assert_eq!(items, json!([{ "id": "1", "name": "Ann" }, { "id": "2", "name": "Bo, B." }]));
    let state = get(json!({ "ManifestType": "ATHENA_DATA", "InputType": "MANIFEST" }), "out/q-manifest.csv");
    let error = with(&state, &objects).try_run(json!({})).err().unwrap().to_string();
    assert!(error.contains("InputType"), "{error}");
}

#[test]
fn a_listing_can_be_loaded_and_flattened() {
    let objects: [(&str, &[u8]); 4] =
        [("in/b", b"[3]"), ("in/a", b"[1, {\"x\": 2}]"), ("in/c", b"[]"), ("other", b"no JSON")];
    let load = |more: Value| {
        let mut config = json!({ "Transformation": "LOAD_AND_FLATTEN", "InputType": "JSON" });
        config.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        config
    };
    let (items, sources) = read(&list(load(json!({})), json!({ "Prefix": "in/" })), &objects);
    assert_eq!(items, json!([1, { "x": 2 }, 3]));
    assert_eq!(sources, ["S3://data/in/a", "S3://data/in/a", "S3://data/in/b"]);
    let (items, _) = read(&list(load(json!({ "MaxItems": 2 })), json!({ "Prefix": "in/" })), &objects);
    assert_eq!(items, json!([1, { "x": 2 }]));
    let nested: [(&str, &[u8]); 2] = [("in/a", b"{\"rows\": [1]}"), ("in/b", b"{\"rows\": [2, 3]}")];
    let (items, _) = read(&list(load(json!({ "ItemsPointer": "/rows" })), json!({})), &nested);
    assert_eq!(items, json!([1, 2, 3]));
    let run = with(&list(load(json!({})), json!({})), &objects).run(json!({}));
    run.assert_failed("States.ItemReaderFailed");
}

#[test]
fn every_csv_of_a_loaded_listing_has_its_own_headers() {
    let objects: [(&str, &[u8]); 2] = [("a.csv", b"id;n\n1;x\n"), ("b.csv", b"n;id\ny;2\n")];
    let config = json!({
        "Transformation": "LOAD_AND_FLATTEN", "InputType": "CSV", "CSVHeaderLocation": "FIRST_ROW",
        "CSVDelimiter": "SEMICOLON"
    });
    let (items, _) = read(&list(config, json!({})), &objects);
    assert_eq!(items, json!([{ "id": "1", "n": "x" }, { "n": "y", "id": "2" }]));
}

#[test]
fn a_listing_goes_on_beyond_a_thousand_and_begins_where_it_is_told() {
    let machine = mapped(json!({
        "Resource": "arn:aws:states:::s3:listObjectsV2",
        "Parameters": { "Bucket": "data", "Prefix": "k", "StartAfter": "k0001" }
    }));
    let keys: Vec<String> = (0..1200).map(|i| format!("k{i:04}")).collect();
    let objects: Vec<(&str, &[u8])> = keys.iter().map(|key| (key.as_str(), b"" as &[u8])).collect();
    let (items, sources) = read(&machine, &objects);
    let items = items.as_array().unwrap();
    assert_eq!((items.len(), items[0]["Key"].as_str()), (1198, Some("k0002")));
    assert_eq!(sources[0], "S3://data");
}

#[test]
fn what_a_reader_says_and_is_not_modelled_is_refused_by_name() {
    let machine = list(json!({}), json!({ "Delimiter": "/" }));
    let error = with(&machine, &[("a", b"")]).try_run(json!({})).err().unwrap().to_string();
    assert!(error.contains("`Delimiter`"), "{error}");
    let state = get(json!({ "InputType": "JSONL" }), "k");
    let error = with(&state, &[("k", b"\x28\xB5\x2F\xFD....")]).try_run(json!({})).err().unwrap().to_string();
    assert!(error.contains("Zstandard"), "{error}");
}

#[cfg(feature = "gzip")]
#[test]
fn rows_are_read_from_compressed_objects() {
    let lines = gzip(b"{\"a\": 1}\n");
    assert_eq!(read(&get(json!({ "InputType": "JSONL" }), "k.gz"), &[("k.gz", &lines)]).0, json!([{ "a": 1 }]));
    let table = gzip(b"a\n1\n");
    let config = json!({ "InputType": "CSV", "CSVHeaderLocation": "FIRST_ROW" });
    assert_eq!(read(&get(config.clone(), "k.gz"), &[("k.gz", &table)]).0, json!([{ "a": "1" }]));
    let run = with(&get(config, "k.gz"), &[("k.gz", &table[..table.len() - 4])]).run(json!({}));
    run.assert_failed("States.ItemReaderFailed").assert_cause_contains("gzip");
}

#[cfg(not(feature = "gzip"))]
#[test]
fn without_its_feature_a_compressed_object_is_refused_by_name() {
    let lines = gzip(b"{\"a\": 1}\n");
    let state = get(json!({ "InputType": "JSONL" }), "k");
    let error = with(&state, &[("k", &lines)]).try_run(json!({})).err().unwrap().to_string();
    assert!(error.contains("`gzip`"), "{error}");
}

#[cfg(not(feature = "parquet"))]
#[test]
fn without_its_feature_parquet_is_refused_by_name() {
    let state = get(json!({ "InputType": "PARQUET" }), "k");
    let error = with(&state, &[("k", b"PAR1")]).try_run(json!({})).err().unwrap().to_string();
    assert!(error.contains("cargo feature `parquet`"), "{error}");
}

#[cfg(feature = "parquet")]
fn parquet(schema: &str, write: impl Fn(usize, &mut parquet::file::writer::SerializedColumnWriter<'_>)) -> Vec<u8> {
    use std::sync::Arc;

    use parquet::basic::Compression;
    use parquet::file::properties::WriterProperties;
    use parquet::file::writer::SerializedFileWriter;
    use parquet::schema::parser::parse_message_type;

    let schema = Arc::new(parse_message_type(schema).unwrap());
    let properties = Arc::new(WriterProperties::builder().set_compression(Compression::SNAPPY).build());
    let mut file = SerializedFileWriter::new(Vec::new(), schema, properties).unwrap();
    let mut group = file.next_row_group().unwrap();
    let mut at = 0;
    while let Some(mut column) = group.next_column().unwrap() {
        write(at, &mut column);
        column.close().unwrap();
        at += 1;
    }
    group.close().unwrap();
    file.into_inner().unwrap()
}

#[cfg(feature = "parquet")]
#[test]
fn rows_of_parquet_are_items() {
    use parquet::data_type::{ByteArrayType, DoubleType, Int64Type};

    let schema = "message m { required int64 id; optional binary name (UTF8); required double price; }";
    let rows = parquet(schema, |at, column| {
        match at {
            0 => column.typed::<Int64Type>().write_batch(&[1, 2], None, None),
            1 => column.typed::<ByteArrayType>().write_batch(&["Ann".into()], Some(&[1, 0]), None),
            _ => column.typed::<DoubleType>().write_batch(&[0.1, 5.0], None, None),
        }
        .unwrap();
    });
    let state = get(json!({ "InputType": "PARQUET" }), "k");
    let (items, _) = read(&state, &[("k", &rows)]);
    assert_eq!(items, json!([{ "id": 1, "name": "Ann", "price": 0.1 }, { "id": 2, "name": null, "price": 5.0 }]));
    let load = json!({ "Transformation": "LOAD_AND_FLATTEN", "InputType": "PARQUET", "MaxItems": 3 });
    let (items, _) = read(&list(load, json!({})), &[("a", &rows), ("b", &rows)]);
    assert_eq!(items.as_array().unwrap().iter().map(|i| i["id"].as_i64().unwrap()).collect::<Vec<_>>(), [1, 2, 1]);
    for end in [0, 4, rows.len() / 2, rows.len() - 1] {
        let run = with(&state, &[("k", &rows[..end])]).run(json!({}));
        run.assert_failed("States.ItemReaderFailed").assert_cause_contains("Parquet");
    }
}

#[cfg(feature = "parquet")]
#[test]
fn a_parquet_column_whose_json_is_not_known_is_refused_by_name() {
    use parquet::data_type::Int32Type;

    let rows = parquet("message m { required int32 day (DATE); }", |_, column| {
        column.typed::<Int32Type>().write_batch(&[19_723], None, None).unwrap();
    });
    let state = get(json!({ "InputType": "PARQUET" }), "k");
    let error = with(&state, &[("k", &rows)]).try_run(json!({})).err().unwrap().to_string();
    assert!(error.contains("`day`") && error.contains("DATE"), "{error}");
}

/// What differs from what a scenario expects, of buckets of two kinds of names.
fn differs(expected: &str) -> Vec<String> {
    let folder = Folder::new(&format!("buckets-{}", expected.len()));
    let work = json!({ "Type": "Pass", "End": true });
    let definition = json!({
        "StartAt": "Read",
        "States": {
            "Read": {
                "Type": "Map", "Next": "Put",
                "ItemReader": {
                    "Resource": "arn:aws:states:::s3:listObjectsV2", "Parameters": { "Bucket": "inbox" },
                    "ReaderConfig": {
                        "InputType": "CSV", "CSVHeaderLocation": "FIRST_ROW", "Transformation": "LOAD_AND_FLATTEN"
                    }
                },
                "ItemProcessor": {
                    "ProcessorConfig": { "Mode": "DISTRIBUTED", "ExecutionType": "STANDARD" },
                    "StartAt": "Work", "States": { "Work": work }
                }
            },
            "Put": {
                "Type": "Task", "Resource": "arn:aws:states:::aws-sdk:s3:putObject", "End": true,
                "Parameters": { "Bucket": "outbox", "Key": "all.json", "Body.$": "$" }
            }
        }
    });
    folder.write("m.asl.json", &definition.to_string());
    folder.write("in/orders.csv", "id\no-1\n");
    let scenario = format!(
        "machine: m.asl.json
services:
  s3:
    buckets:
      inbox: {{ a.csv: in/orders.csv, b.csv: {{ text: \"id\\no-2\\n\" }}, c.csv: {{ file: in/orders.csv }} }}
      outbox: {{ old.json: {{ json: {{ kept: true }} }} }}
scenarios:
  - {{ name: a, expect: {{ services: {{ s3: {expected} }} }} }}
"
    );
    folder.write("m.rehearsal.yaml", &scenario);
    let file = ScenarioFile::load(folder.path("m.rehearsal.yaml")).unwrap();
    assert!(file.sources().iter().any(|path| path.ends_with("in/orders.csv")), "{:?}", file.sources());
    let outcome = file.run(&file.scenarios()[0], None);
    outcome.failures().map(|f| format!("{}: {}", f.about(), f.message())).collect()
}

#[test]
fn a_scenario_says_what_is_in_buckets_at_first_and_at_the_end() {
    let all = "{ outbox: { all.json: [{ id: o-1 }, { id: o-2 }, { id: o-1 }], old.json: { kept: true } } }";
    assert_eq!(differs(all), [""; 0]);
    assert_eq!(differs("{ inbox: { b.csv: \"id\\no-2\\n\" } }"), [""; 0]);
    let found = differs("{ outbox: { old.json: { kept: false } } }");
    assert_eq!(found, ["s3 outbox: `old.json.kept` is true, expected false"]);
    assert_eq!(differs("{ outbux: {} }"), ["s3 outbux: there is no bucket `outbux`; did you mean `outbox`?"]);
}

#[test]
fn mistakes_about_buckets_are_told() {
    let said = |object: &str| {
        let folder = Folder::new(&format!("bucket-mistakes-{}", object.len()));
        folder.write("m.asl.json", r#"{"StartAt": "A", "States": {"A": {"Type": "Succeed"}}}"#);
        let text = format!(
            "machine: m.asl.json\nservices: {{ s3: {{ buckets: {{ b: {{ k: {object} }} }} }} }}\nscenarios:\n  - {{ name: a, expect: {{ status: SUCCEEDED }} }}\n"
        );
        folder.write("m.rehearsal.yaml", &text);
        ScenarioFile::load(folder.path("m.rehearsal.yaml")).unwrap_err().to_string()
    };
    for (object, want) in [
        ("{ text: a, json: 1 }", "what is in an object is said once"),
        ("{ txt: a }", "`txt` is not a word of an object"),
        ("nowhere.csv", "nowhere.csv"),
        ("[1]", "string"),
    ] {
        let error = said(object);
        assert!(error.contains(want), "{object}: {error}");
    }
}
