//! Parquet: a file for each table, its columns documented in the footer.
//!
//! Must not know what a column means. The invariant: every column is optional, and an absent value is null.

use std::borrow::Borrow;
use std::io::{self, Write};
use std::sync::Arc;

use parquet::basic::{Compression, LogicalType, Repetition, Type as Physical};
use parquet::data_type::{BoolType, ByteArray, ByteArrayType, DataType, DoubleType, Int64Type};
use parquet::errors::{ParquetError, Result as Parquet};
use parquet::file::metadata::KeyValue;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::{SerializedColumnWriter, SerializedFileWriter};
use parquet::schema::types::{Type, TypePtr};

use super::column::Column;
use super::columns::Table;
use super::tables::Form;
use crate::scenario::{Kind, Value};

/// Rows that are held in memory and written as one group: what readers take at once.
const GROUP: usize = 1 << 17;

/// See the file's head.
pub(super) struct Tables;

impl Form for Tables {
    const ENDING: &'static str = ".parquet";

    fn table<Row>(
        table: &Table<Row>,
        rows: impl Iterator<Item = impl Borrow<Row>>,
        file: impl Write + Send,
    ) -> io::Result<()> {
        groups(table, rows, file).map_err(io_error)
    }
}

fn groups<Row>(
    table: &Table<Row>,
    mut rows: impl Iterator<Item = impl Borrow<Row>>,
    file: impl Write + Send,
) -> Parquet<()> {
    let columns = table.columns();
    let properties = Arc::new(properties(table));
    let mut writer = SerializedFileWriter::new(file, schema(table)?, properties)?;
    loop {
        let mut buffers: Vec<_> = columns.iter().map(Buffer::of).collect();
        let mut held = 0;
        for row in rows.by_ref().take(GROUP) {
            held += 1;
            for (buffer, column) in buffers.iter_mut().zip(&columns) {
                buffer.take(column, row.borrow());
            }
        }
        if held == 0 {
            break;
        }
        let mut group = writer.next_row_group()?;
        for buffer in &buffers {
            let missing = || ParquetError::General("fewer columns than the schema has".to_owned());
            let mut column = group.next_column()?.ok_or_else(missing)?;
            buffer.write(&mut column)?;
            column.close()?;
        }
        group.close()?;
    }
    writer.close().map(drop)
}

fn properties<Row>(table: &Table<Row>) -> WriterProperties {
    let described = |column: &Column<Row>| {
        serde_json::json!({
            "name": column.name, "kind": column.kind().name(),
            "unit": column.unit.symbol(), "about": column.about,
        })
    };
    let columns: Vec<_> = table.columns().iter().map(described).collect();
    let metadata = [
        ("kilonet.table", table.about.to_owned()),
        (
            "kilonet.columns",
            serde_json::Value::from(columns).to_string(),
        ),
    ];
    let metadata = metadata.map(|(key, value)| KeyValue::new(key.to_owned(), value));
    WriterProperties::builder()
        .set_created_by(concat!("kilonet version ", env!("CARGO_PKG_VERSION")).to_owned())
        .set_compression(Compression::SNAPPY)
        .set_key_value_metadata(Some(metadata.to_vec()))
        .build()
}

fn schema<Row>(table: &Table<Row>) -> Parquet<TypePtr> {
    let fields: Parquet<Vec<_>> = table.columns().iter().map(field).collect();
    let schema = Type::group_type_builder(table.name).with_fields(fields?);
    schema.build().map(Arc::new)
}

fn field<Row>(column: &Column<Row>) -> Parquet<TypePtr> {
    let (physical, logical) = match column.kind() {
        Kind::Text => (Physical::BYTE_ARRAY, Some(LogicalType::String)),
        Kind::Integer => (Physical::INT64, None),
        Kind::Number => (Physical::DOUBLE, None),
        Kind::Truth => (Physical::BOOLEAN, None),
    };
    Type::primitive_type_builder(column.name, physical)
        .with_repetition(Repetition::OPTIONAL)
        .with_logical_type(logical)
        .build()
        .map(Arc::new)
}

/// The values of a column that are there, and for each row whether it has one.
struct Buffer {
    values: Values,
    levels: Vec<i16>,
}

enum Values {
    Text(Vec<ByteArray>),
    Integer(Vec<i64>),
    Number(Vec<f64>),
    Truth(Vec<bool>),
}

impl Buffer {
    fn of<Row>(column: &Column<Row>) -> Self {
        let values = match column.kind() {
            Kind::Text => Values::Text(Vec::new()),
            Kind::Integer => Values::Integer(Vec::new()),
            Kind::Number => Values::Number(Vec::new()),
            Kind::Truth => Values::Truth(Vec::new()),
        };
        let levels = Vec::new();
        Self { values, levels }
    }

    /// Takes what a row has of the column that this was made for.
    fn take<Row>(&mut self, column: &Column<Row>, row: &Row) {
        let there = match (&mut self.values, column.value(row)) {
            (Values::Text(values), Some(Value::Text(text))) => {
                keep(values, Some(text.as_bytes().to_vec().into()))
            }
            // Larger ones than a signed number holds do not occur: nanoseconds reach to the year 2262.
            (Values::Integer(values), Some(Value::Integer(value))) => {
                keep(values, value.try_into().ok())
            }
            (Values::Number(values), Some(Value::Number(value))) => keep(values, Some(value)),
            (Values::Truth(values), Some(Value::Truth(value))) => keep(values, Some(value)),
            _ => false,
        };
        self.levels.push(there.into());
    }

    fn write(&self, column: &mut SerializedColumnWriter<'_>) -> Parquet<()> {
        match &self.values {
            Values::Text(values) => self.batch::<ByteArrayType>(values, column),
            Values::Integer(values) => self.batch::<Int64Type>(values, column),
            Values::Number(values) => self.batch::<DoubleType>(values, column),
            Values::Truth(values) => self.batch::<BoolType>(values, column),
        }
    }

    fn batch<T: DataType>(
        &self,
        values: &[T::T],
        column: &mut SerializedColumnWriter<'_>,
    ) -> Parquet<()> {
        let written = column
            .typed::<T>()
            .write_batch(values, Some(&self.levels), None);
        written.map(drop)
    }
}

/// Keeps a value that is there, and says whether it was.
fn keep<T>(values: &mut Vec<T>, value: Option<T>) -> bool {
    let there = value.is_some();
    values.extend(value);
    there
}

/// The disk's own refusal where that is what it was.
fn io_error(error: ParquetError) -> io::Error {
    match error {
        ParquetError::External(source) => match source.downcast::<io::Error>() {
            Ok(source) => *source,
            Err(source) => io::Error::other(source),
        },
        other => io::Error::other(other),
    }
}
