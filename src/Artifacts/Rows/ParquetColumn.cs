using System.Globalization;
using System.Text.Json;
using Parquet;
using Parquet.Schema;

namespace IterativeDpo.Artifacts.Rows;

/// <summary>
/// A column, or what is nested in one: gives its values in their order, as JSON. Parquet stores the leaves alone. Each has an entry for
/// every value and for every null or empty list, with a definition level (how many of the optional and repeated fields on the way to the
/// leaf are there) and a repetition level (which of the lists goes on; 0: a new row).
/// </summary>
internal abstract class ParquetColumn(string name)
{
    /// <summary>Repetition level of an entry that begins a row.</summary>
    public const int AtRow = 0;

    /// <summary>In place of a repetition level, after the last entry.</summary>
    public const int AtEnd = -1;

    private static readonly Dictionary<Type, (string Kind, Func<DataField, ParquetColumn> Make)> _leaves = new()
    {
        [typeof(ReadOnlyMemory<char>)] = (
            "text",
            field => new Leaf<ReadOnlyMemory<char>>(field, (json, text) => json.WriteStringValue(text.Span))),
        [typeof(bool)] = ("true or false", field => new Leaf<bool>(field, (json, value) => json.WriteBooleanValue(value))),
        [typeof(sbyte)] = ("number", field => new Leaf<sbyte>(field, (json, number) => json.WriteNumberValue(number))),
        [typeof(byte)] = ("number", field => new Leaf<byte>(field, (json, number) => json.WriteNumberValue(number))),
        [typeof(short)] = ("number", field => new Leaf<short>(field, (json, number) => json.WriteNumberValue(number))),
        [typeof(ushort)] = ("number", field => new Leaf<ushort>(field, (json, number) => json.WriteNumberValue(number))),
        [typeof(int)] = ("number", field => new Leaf<int>(field, (json, number) => json.WriteNumberValue(number))),
        [typeof(uint)] = ("number", field => new Leaf<uint>(field, (json, number) => json.WriteNumberValue(number))),
        [typeof(long)] = ("number", field => new Leaf<long>(field, (json, number) => json.WriteNumberValue(number))),
        [typeof(ulong)] = ("number", field => new Leaf<ulong>(field, (json, number) => json.WriteNumberValue(number))),
        [typeof(float)] = ("number", field => new Leaf<float>(field, WriteNumber)),
        [typeof(double)] = ("number", field => new Leaf<double>(field, (json, number) => WriteNumber(json, number))),
    };

    public string Name => name;

    /// <summary>Whether the next value is null.</summary>
    public abstract bool IsNull { get; }

    /// <summary>Levels of the next entry; of several leaves, the first one's.</summary>
    public abstract int Definition { get; }

    /// <inheritdoc cref="Definition"/>
    public abstract int Repetition { get; }

    /// <summary>Whether every leaf's next entry has this repetition level.</summary>
    public abstract bool IsAt(int repetition);

    /// <summary>All rows of a schema, each an object.</summary>
    public static StructColumn OfRow(IEnumerable<Field> fields) => new("", 0, fields);

    /// <summary>For messages: what a column holds.</summary>
    public static string Describe(Field field) => field switch
    {
        DataField { IsArray: true } data => $"list of {KindOf(data)}",
        DataField data => KindOf(data),
        ListField list => $"list of {Describe(list.Item)}",
        StructField fields => $"{{{string.Join(", ", fields.Fields.Select(inner => inner.Name))}}}",
        _ => "map",
    };

    /// <summary>Whether it is, or has within, what is left out.</summary>
    public static bool HasOthers(Field field) => field switch
    {
        DataField data => !_leaves.ContainsKey(data.ClrType),
        ListField list => HasOthers(list.Item),
        StructField fields => fields.Fields.Any(HasOthers),
        _ => true,
    };

    /// <summary>Null where it is of a kind that is left out.</summary>
    protected static ParquetColumn? Of(Field field) => field switch
    {
        DataField { IsArray: true } => ListOf(field, field, field.MaxDefinitionLevel - 1),
        DataField data => LeafOf(data),
        // An old form of lists, in which the repeated field is the item itself.
        ListField { Item: DataField { IsArray: true } item } list => ListOf(list, item, list.MaxDefinitionLevel),
        ListField list => ListOf(list, list, list.MaxDefinitionLevel - 1),
        StructField fields => new StructColumn(field.Name, field.MaxDefinitionLevel, fields.Fields) is { IsEmpty: false } column
            ? column
            : null,
        _ => null,
    };

    /// <summary>Reads a row group's values.</summary>
    public abstract void Load(ParquetRowGroupReader group);

    /// <summary>Writes the next value, which is not null.</summary>
    public abstract void Write(Utf8JsonWriter json);

    /// <summary>Goes past the next value, which is null.</summary>
    public abstract void Skip();

    private static ListColumn? ListOf(Field field, Field repeated, int notNull) =>
        (repeated is ListField list ? Of(list.Item) : LeafOf((DataField)repeated)) is { } item
            ? new(field.Name, item, notNull, repeated.MaxDefinitionLevel, repeated.MaxRepetitionLevel)
            : null;

    private static ParquetColumn? LeafOf(DataField field) => _leaves.TryGetValue(field.ClrType, out var leaf) ? leaf.Make(field) : null;

    private static string KindOf(DataField field) => _leaves.TryGetValue(field.ClrType, out var leaf) ? leaf.Kind
        : field.ClrType == typeof(ReadOnlyMemory<byte>) ? "bytes" : field.ClrType.Name;

    private static void WriteNumber(Utf8JsonWriter json, float number)
    {
        if (float.IsFinite(number))
        {
            json.WriteNumberValue(number);
        }
        else
        {
            WriteNumber(json, (double)number);
        }
    }

    /// <summary>JSON has no number that is none: as a text it is refused wherever a number is wanted.</summary>
    private static void WriteNumber(Utf8JsonWriter json, double number)
    {
        if (double.IsFinite(number))
        {
            json.WriteNumberValue(number);
        }
        else
        {
            json.WriteStringValue(number.ToString(CultureInfo.InvariantCulture));
        }
    }

    private sealed class Leaf<T>(DataField column, Action<Utf8JsonWriter, T> write) : ParquetColumn(column.Name) where T : struct
    {
        private T[] _values = [];
        private int[]? _definitions;
        private int[]? _repetitions;
        private int _entry;
        private int _value;

        public override bool IsNull => Definition < column.MaxDefinitionLevel;

        public override int Definition => _definitions is null ? 0 : _definitions[_entry];

        public override int Repetition => _entry == _values.Length ? AtEnd : _repetitions is null ? AtRow : _repetitions[_entry];

        public override bool IsAt(int repetition) => Repetition == repetition;

        public override void Load(ParquetRowGroupReader group)
        {
            // As many as there are entries; fewer are used where some are null.
            _values = new T[
                checked(
                    (int)(
                        group.GetMetadata(column)?.MetaData?.NumValues
                        ?? throw new InvalidDataException($"the column {column.Path} is missing")))
            ];
            _definitions = column.MaxDefinitionLevel > 0 ? new int[_values.Length] : null;
            _repetitions = column.MaxRepetitionLevel > 0 ? new int[_values.Length] : null;
            (_entry, _value) = (0, 0);
            group
                .ReadRawAsync(column, _values.AsMemory(), _definitions?.AsMemory(), _repetitions?.AsMemory())
                .AsTask()
                .GetAwaiter()
                .GetResult();
        }

        public override void Write(Utf8JsonWriter json)
        {
            write(json, _values[_value++]);
            _entry++;
        }

        public override void Skip() => _entry++;
    }
}

/// <summary>A list; each item may be null.</summary>
/// <param name="notNull">The definition level from which on the list is there.</param>
/// <param name="notEmpty">That from which on it has items.</param>
/// <param name="repetition">The repetition level of an item that is not the first.</param>
internal sealed class ListColumn(string name, ParquetColumn item, int notNull, int notEmpty, int repetition) : ParquetColumn(name)
{
    public override bool IsNull => item.Definition < notNull;

    public override int Definition => item.Definition;

    public override int Repetition => item.Repetition;

    public override bool IsAt(int repetition) => item.IsAt(repetition);

    public override void Load(ParquetRowGroupReader group) => item.Load(group);

    public override void Write(Utf8JsonWriter json)
    {
        json.WriteStartArray();
        if (item.Definition < notEmpty)
        {
            item.Skip();
        }
        else
        {
            do
            {
                WriteItem(json);
            }
            while (item.Repetition == repetition);
        }
        json.WriteEndArray();
    }

    public override void Skip() => item.Skip();

    private void WriteItem(Utf8JsonWriter json)
    {
        if (item.IsNull)
        {
            json.WriteNullValue();
            item.Skip();
        }
        else
        {
            item.Write(json);
        }
    }
}

/// <summary>A struct, or a whole row: an object of what is not null.</summary>
/// <param name="notNull">The definition level from which on it is there.</param>
internal sealed class StructColumn(string name, int notNull, IEnumerable<Field> fields) : ParquetColumn(name)
{
    private readonly ParquetColumn[] _columns = [.. fields.Select(Of).OfType<ParquetColumn>()];

    public bool IsEmpty => _columns.Length == 0;

    public IEnumerable<string> Names => _columns.Select(column => column.Name);

    public override bool IsNull => Definition < notNull;

    public override int Definition => _columns[0].Definition;

    public override int Repetition => _columns[0].Repetition;

    public override bool IsAt(int repetition) => _columns.All(column => column.IsAt(repetition));

    public override void Load(ParquetRowGroupReader group)
    {
        foreach (var column in _columns)
        {
            column.Load(group);
        }
    }

    public override void Write(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        foreach (var column in _columns)
        {
            if (column.IsNull)
            {
                column.Skip();
            }
            else
            {
                json.WritePropertyName(column.Name);
                column.Write(json);
            }
        }
        json.WriteEndObject();
    }

    public override void Skip()
    {
        foreach (var column in _columns)
        {
            column.Skip();
        }
    }
}
