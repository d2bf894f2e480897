//! The Map state, inline and distributed.

use super::Compiler;
use super::flow::{PROCESSOR_FIELDS, Setting};
use crate::asl::cursor::Cursor;
use crate::asl::machine::{
    CsvHeaders, Distributed, InputType, ItemBatcher, ItemReader, Items, MachineType, Map, QueryLanguage, ResultWriter,
    WriterTransformation,
};
use crate::asl::resource::{Resource, ResourceKind};
use crate::value::Str;

const READER_FIELDS: &[&str] = &["Resource", "Parameters", "Arguments", "ReaderConfig"];
const READER_CONFIG_FIELDS: &[&str] = &[
    "InputType",
    "CSVHeaderLocation",
    "CSVHeaders",
    "CSVDelimiter",
    "MaxItems",
    "MaxItemsPath",
    "ItemsPointer",
    "ManifestType",
    "Transformation",
];
const WRITER_FIELDS: &[&str] = &["Resource", "Parameters", "Arguments", "WriterConfig"];
const BATCHER_FIELDS: &[&str] =
    &["MaxItemsPerBatch", "MaxItemsPerBatchPath", "MaxInputBytesPerBatch", "MaxInputBytesPerBatchPath", "BatchInput"];
/// The fields that only a distributed Map has. An inline one may have tolerances, without effect.
const DISTRIBUTED_FIELDS: &[&str] = &["ItemReader", "ItemBatcher", "ResultWriter", "Label"];

const INPUT_TYPES: [(&str, InputType); 5] = [
    ("CSV", InputType::Csv),
    ("JSON", InputType::Json),
    ("JSONL", InputType::Jsonl),
    ("PARQUET", InputType::Parquet),
    ("MANIFEST", InputType::Manifest),
];
const DELIMITERS: [(&str, char); 5] =
    [("COMMA", ','), ("PIPE", '|'), ("SEMICOLON", ';'), ("SPACE", ' '), ("TAB", '\t')];

/// How long a label may be, in characters, and what it may not hold.
const MAX_LABEL: usize = 40;
const NOT_IN_LABELS: &str = "<>{}[]?*\"#%\\^|~`$&,;:/";

impl Compiler<'_> {
    pub(super) fn map(&mut self, at: &Cursor<'_>, language: QueryLanguage, setting: &Setting) -> Option<Map> {
        let jsonpath = |name: &str| (language == QueryLanguage::JsonPath).then(|| at.get(name)).flatten();
        let items = self.items(at, language);
        self.only_one(at, &["ItemSelector", "Parameters"], false);
        let item_selector = match at.get("ItemSelector").or_else(|| jsonpath("Parameters")) {
            Some(selector) => self.payload(&selector, language),
            None => None,
        };
        let max_concurrency = self.whole_operand(at, "MaxConcurrency", language, (0, u64::from(u32::MAX)));
        let result_selector = jsonpath("ResultSelector").and_then(|s| self.payload(&s, language));
        let result_path = self.result_path(jsonpath("ResultPath"));
        let name = self.only_one(at, &["ItemProcessor", "Iterator"], true)?;
        let processor = at.get(name)?;
        let execution_type = self.processor_config(&processor);
        let tolerated_count = self.whole_operand(at, "ToleratedFailureCount", language, (0, u64::MAX));
        let tolerated_percentage =
            self.operand(at, "ToleratedFailurePercentage", language, |c, f| c.number_between(f, 0.0, 100.0));
        let distributed = match execution_type {
            Some(execution_type) => Some(Distributed {
                tolerated_count,
                tolerated_percentage,
                ..self.distributed(at, language, execution_type, setting)
            }),
            None => {
                self.distributed_only(at);
                None
            }
        };
        let is_express = match execution_type {
            Some(child) => child == MachineType::Express,
            None => setting.is_express,
        };
        let processor = self.flow(&processor, PROCESSOR_FIELDS, &setting.within(&at.name(), is_express))?;
        Some(Map {
            processor,
            items: items?,
            item_selector,
            max_concurrency,
            result_selector,
            result_path,
            distributed: distributed.map(Box::new),
        })
    }

    fn items(&mut self, at: &Cursor<'_>, language: QueryLanguage) -> Option<Items> {
        match language {
            QueryLanguage::JsonPath => match at.get("ItemsPath") {
                Some(path) => self.definite_path(&path).map(Items::Path),
                None => Some(Items::Input),
            },
            QueryLanguage::Jsonata => match at.get("Items") {
                Some(items) => {
                    if items.node().as_str().is_some() {
                        self.expression(&items)?;
                    }
                    self.jsonata(&items).map(Items::Jsonata)
                }
                None => Some(Items::Input),
            },
        }
    }

    /// What kind of child executions a distributed Map starts; `None` where the Map is inline.
    fn processor_config(&mut self, processor: &Cursor<'_>) -> Option<MachineType> {
        let config = processor.get("ProcessorConfig")?;
        self.object(&config, "`ProcessorConfig`")?;
        self.known_fields(&config, "`ProcessorConfig`", &["Mode", "ExecutionType"]);
        let mode = config.get("Mode").and_then(|mode| self.word(&mode, &["INLINE", "DISTRIBUTED"]));
        let execution_type = config.get("ExecutionType");
        if mode != Some("DISTRIBUTED") {
            if let Some(execution_type) = execution_type.filter(|_| mode == Some("INLINE")) {
                let message = "an inline Map has no `ExecutionType`";
                let found = execution_type.key_error("unsupported-field", message, "for distributed Maps only");
                let aws = config.schema("Field 'ExecutionType' is not supported");
                self.report(found.help("set `\"Mode\": \"DISTRIBUTED\"`, or remove it").aws(aws));
            }
            return None;
        }
        let execution_type = self.required(&config, "ExecutionType");
        match execution_type.and_then(|t| self.word(&t, &["STANDARD", "EXPRESS"])) {
            Some("EXPRESS") => Some(MachineType::Express),
            _ => Some(MachineType::Standard),
        }
    }

    fn distributed_only(&mut self, at: &Cursor<'_>) {
        for field in DISTRIBUTED_FIELDS.iter().filter_map(|name| at.get(name)) {
            let message = format!("an inline Map has no `{}`", field.name());
            let found = field.key_error("distributed-only", message, "for distributed Maps only");
            let config = "`\"ProcessorConfig\": {\"Mode\": \"DISTRIBUTED\", \"ExecutionType\": \"STANDARD\"}`";
            self.report(found.help(format!("give the item processor {config}, or remove this")));
        }
    }

    fn distributed(
        &mut self,
        at: &Cursor<'_>,
        language: QueryLanguage,
        execution_type: MachineType,
        setting: &Setting,
    ) -> Distributed {
        if setting.is_express {
            let found = at.key_error("express-pattern", "an Express workflow has no distributed Map", "distributed");
            self.report(found.help("make the machine a Standard one, or the Map an inline one"));
        }
        Distributed {
            execution_type,
            label: at.get("Label").and_then(|label| self.label(&label)),
            reader: at.get("ItemReader").and_then(|reader| self.reader(&reader, language)),
            batcher: at.get("ItemBatcher").and_then(|batcher| self.batcher(&batcher, language)),
            writer: at.get("ResultWriter").and_then(|writer| self.writer(&writer, language)),
            tolerated_count: None,
            tolerated_percentage: None,
        }
    }

    fn label(&mut self, at: &Cursor<'_>) -> Option<Str> {
        let label = self.string(at)?;
        let length = label.chars().count();
        if length == 0 || length > MAX_LABEL {
            let message = format!("a label has 1 to {MAX_LABEL} characters, this one {length}");
            self.report(at.error("label", message, "this label"));
        } else if let Some(c) =
            label.chars().find(|c| c.is_whitespace() || c.is_control() || NOT_IN_LABELS.contains(*c))
        {
            let message = format!("a label cannot hold `{}`", c.escape_debug());
            self.report(at.error("label", message, "this label"));
        }
        if let Some(first) = self.labels.get(&label) {
            let found = at
                .error("label", format!("two Maps are labelled `{label}`"), "here again")
                .also(*first, "here first")
                .aws(at.aws("DUPLICATE_LABEL_NAME", format!("Duplicate Label name: {label}")));
            self.report(found);
        } else {
            self.labels.insert(label.clone(), at.node().span);
        }
        Some(label)
    }

    /// A resource of S3, one of these actions.
    fn s3(&mut self, at: &Cursor<'_>, actions: &[&str]) -> Option<Resource> {
        let text = self.string(at)?;
        let resource = Resource::parse(&text);
        let is_known = resource.as_ref().is_some_and(|r| {
            matches!(r.kind(), ResourceKind::Service { service, api, .. }
                if &**service == "s3" && actions.contains(&&**api))
        });
        if is_known {
            return resource;
        }
        let examples: Vec<String> = actions.iter().map(|a| format!("arn:aws:states:::s3:{a}")).collect();
        let found = at.error("resource", format!("`{text}` cannot stand here"), "not one of S3's");
        self.report(found.help(format!("write {}", examples.join(" or "))));
        None
    }

    fn reader(&mut self, at: &Cursor<'_>, language: QueryLanguage) -> Option<ItemReader> {
        self.object(at, "`ItemReader`")?;
        self.known_fields(at, "`ItemReader`", READER_FIELDS);
        self.foreign_arguments(at, language);
        let resource = self.required(at, "Resource").and_then(|r| self.s3(&r, &["getObject", "listObjectsV2"]));
        let parameters = self.arguments(at, language);
        let lists = resource.as_ref().is_some_and(|r| r.api() == "listObjectsV2");
        let mut reader = ItemReader {
            resource: resource?,
            parameters,
            input_type: if lists { InputType::Listing } else { InputType::Json },
            csv_header_location: CsvHeaders::FirstRow,
            csv_delimiter: ',',
            max_items: None,
            items_pointer: None,
            manifest_type: None,
            load_and_flatten: false,
        };
        match at.get("ReaderConfig") {
            Some(config) => self.reader_config(&config, language, &mut reader)?,
            None if lists => {}
            None => {
                self.required(at, "ReaderConfig");
                return None;
            }
        }
        Some(reader)
    }

    fn reader_config(&mut self, at: &Cursor<'_>, language: QueryLanguage, reader: &mut ItemReader) -> Option<()> {
        self.object(at, "`ReaderConfig`")?;
        self.known_fields(at, "`ReaderConfig`", READER_CONFIG_FIELDS);
        if language == QueryLanguage::Jsonata
            && let Some(path) = at.get("MaxItemsPath")
        {
            self.other_language(at, &path, language);
        }
        reader.max_items = self.whole_operand(at, "MaxItems", language, (0, 100_000_000));
        reader.items_pointer = at.get("ItemsPointer").and_then(|p| self.string(&p));
        reader.manifest_type =
            at.get("ManifestType").and_then(|m| self.word(&m, &["ATHENA_DATA", "S3_INVENTORY"])).map(Str::from);
        let transformation = at.get("Transformation").and_then(|t| self.word(&t, &["NONE", "LOAD_AND_FLATTEN"]));
        reader.load_and_flatten = transformation == Some("LOAD_AND_FLATTEN");
        let names = INPUT_TYPES.map(|(name, _)| name);
        let declared = at.get("InputType").and_then(|t| self.word(&t, &names));
        match declared.and_then(|name| INPUT_TYPES.iter().find(|(n, _)| *n == name)) {
            Some((_, input_type)) => reader.input_type = *input_type,
            // The listed objects are read, and of what type they are is not in the listing.
            None if reader.load_and_flatten && !at.has("InputType") => drop(self.required(at, "InputType")),
            // An inventory is in CSV, so that nothing has to be said.
            None if reader.manifest_type.as_deref() == Some("S3_INVENTORY") && !at.has("InputType") => {
                reader.input_type = InputType::Manifest;
            }
            None if reader.input_type == InputType::Listing || at.has("InputType") => {}
            None => drop(self.required(at, "InputType")),
        }
        let delimiters = DELIMITERS.map(|(name, _)| name);
        if let Some(name) = at.get("CSVDelimiter").and_then(|d| self.word(&d, &delimiters)) {
            reader.csv_delimiter = DELIMITERS.iter().find(|(n, _)| *n == name).map_or(',', |(_, c)| *c);
        }
        let location = at.get("CSVHeaderLocation").and_then(|l| self.word(&l, &["FIRST_ROW", "GIVEN"]));
        if reader.input_type == InputType::Csv && !at.has("CSVHeaderLocation") {
            let found = at.key_error("missing-field", "`CSVHeaderLocation` is missing", "in this one");
            self.report(found.aws(at.schema("The field 'CSVHeaderLocation' is required")));
        }
        if location == Some("GIVEN") {
            let headers = self.required(at, "CSVHeaders")?;
            self.filled_array(&headers)?;
            let names: Vec<Str> = headers.items().filter_map(|h| self.string(&h)).collect();
            reader.csv_header_location = CsvHeaders::Given(names);
        }
        Some(())
    }

    fn batcher(&mut self, at: &Cursor<'_>, language: QueryLanguage) -> Option<ItemBatcher> {
        self.object(at, "`ItemBatcher`")?;
        self.known_fields(at, "`ItemBatcher`", BATCHER_FIELDS);
        if language == QueryLanguage::Jsonata {
            for path in ["MaxItemsPerBatchPath", "MaxInputBytesPerBatchPath"].into_iter().filter_map(|n| at.get(n)) {
                self.other_language(at, &path, language);
            }
        }
        Some(ItemBatcher {
            max_items: self.whole_operand(at, "MaxItemsPerBatch", language, (0, u64::MAX)),
            max_bytes: self.whole_operand(at, "MaxInputBytesPerBatch", language, (0, 262_144)),
            batch_input: at.get("BatchInput").and_then(|input| self.payload(&input, language)),
        })
    }

    fn writer(&mut self, at: &Cursor<'_>, language: QueryLanguage) -> Option<ResultWriter> {
        self.object(at, "`ResultWriter`")?;
        self.known_fields(at, "`ResultWriter`", WRITER_FIELDS);
        self.foreign_arguments(at, language);
        let mut writer = ResultWriter {
            resource: at.get("Resource").and_then(|r| self.s3(&r, &["putObject"])),
            parameters: self.arguments(at, language),
            transformation: WriterTransformation::None,
            jsonl: false,
        };
        if let Some(config) = at.get("WriterConfig") {
            self.object(&config, "`WriterConfig`")?;
            self.known_fields(&config, "`WriterConfig`", &["Transformation", "OutputType"]);
            let words = ["NONE", "COMPACT", "FLATTEN"];
            writer.transformation = match config.get("Transformation").and_then(|t| self.word(&t, &words)) {
                Some("COMPACT") => WriterTransformation::Compact,
                Some("FLATTEN") => WriterTransformation::Flatten,
                _ => WriterTransformation::None,
            };
            let output_type = config.get("OutputType").and_then(|t| self.word(&t, &["JSON", "JSONL"]));
            writer.jsonl = output_type == Some("JSONL");
        }
        Some(writer)
    }

    /// Reports `Parameters` in JSONata and `Arguments` in JSONPath.
    fn foreign_arguments(&mut self, at: &Cursor<'_>, language: QueryLanguage) {
        let foreign = match language {
            QueryLanguage::JsonPath => "Arguments",
            QueryLanguage::Jsonata => "Parameters",
        };
        if let Some(field) = at.get(foreign) {
            self.other_language(at, &field, language);
        }
    }
}
