using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using Parquet;
using Parquet.Schema;

namespace IterativeDpo.Artifacts.Rows;

/// <summary>
/// The rows of a Parquet file as JSON objects; one row group is in memory at a time. Columns are texts, numbers, true or false, and lists
/// and structs of these; others (bytes, dates, maps) are left out, and so are nulls, which are as good as absent.
/// </summary>
internal sealed class ParquetRows : RowFile
{
    private static readonly JsonWriterOptions _json = new()
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        SkipValidation = true,
    };

    // Takes milliseconds; but the library's parser never comes to the end of a damaged footer that ends within a number.
    private static readonly TimeSpan _mostForFooter = TimeSpan.FromSeconds(10);

    private readonly ParquetReader _reader;
    private readonly StructColumn _row;
    private readonly ArrayBufferWriter<byte> _buffer = new();
    private readonly Utf8JsonWriter _writer;
    private long _rowsRead;

    /// <param name="wanted">See <see cref="RowFile.Open(string, ReadOnlySpan{string[]})"/>.</param>
    public ParquetRows(string path, FileStream source, ReadOnlySpan<string[]> wanted) : base(path, source, "row")
    {
        _reader = Reading("at its end", () => OpenReader(source));
        if (_reader.Metadata?.EncryptionAlgorithm is not null)
        {
            throw Encrypted(path);
        }
        var fields = Reading("in its schema", () => _reader.Schema.Fields);
        _row = ParquetColumn.OfRow(fields);
        RequireColumns(fields, wanted);
        RefuseMedia(fields);
        _writer = new(_buffer, _json);
    }

    public override long Position => (long)(Length * ((double)_rowsRead / Math.Max(1, _reader.Metadata!.NumRows)));

    public static UserInputException Encrypted(string path) =>
        new($"{path}: the Parquet file is encrypted. Decrypt it, or write it without encryption.");

    public override IEnumerable<FileRow> Read()
    {
        var number = 0;
        for (var group = 0; group < _reader.RowGroupCount; group++)
        {
            var place = $"in row group {group + 1} of {_reader.RowGroupCount}";
            var rows = Reading(place, () => Load(_reader.RowGroups[group]));
            for (var i = 0; i < rows; i++)
            {
                number++;
                yield return new(number, Reading(place, () => NextRow(isLast: i == rows - 1)));
            }
            _rowsRead += rows;
        }
    }

    public override void Dispose()
    {
        _writer.Dispose();
        Source.Dispose();
    }

    private static ParquetReader OpenReader(FileStream source)
    {
        var reader = Task.Run(() => ParquetReader.CreateAsync(new WholeFile(source))).WaitAsync(_mostForFooter).GetAwaiter().GetResult();
        var (said, found) = (reader.Metadata!.NumRows, reader.RowGroups.Sum(group => group.RowCount));
        return said == found ? reader : throw new InvalidDataException($"it says that it has {said} rows, and its row groups have {found}");
    }

    /// <returns>How many rows the group has.</returns>
    private long Load(ParquetRowGroupReader group)
    {
        _row.Load(group);
        return group.RowCount;
    }

    private byte[] NextRow(bool isLast)
    {
        _buffer.ResetWrittenCount();
        _writer.Reset();
        _row.Write(_writer);
        _writer.Flush();
        return _row.IsAt(isLast ? ParquetColumn.AtEnd : ParquetColumn.AtRow)
            ? _buffer.WrittenSpan.ToArray()
            : throw new InvalidDataException("its columns do not have the same rows");
    }

    private void RequireColumns(IReadOnlyList<Field> fields, ReadOnlySpan<string[]> wanted)
    {
        var names = _row.Names.ToHashSet();
        var sets = wanted.ToArray();
        if (sets.Any(columns => columns.All(names.Contains)))
        {
            return;
        }
        var named = sets.Select(columns => string.Join(" and ", columns.Select(name => $"\"{name}\"")));
        throw new UserInputException(
            $"{FilePath}: the columns are {string.Join(", ", fields.Select(field => $"\"{field.Name}\" ({ParquetColumn.Describe(field)})"))}. Wanted are {string.Join(", or ", named)}: rename them.");
    }

    /// <summary>Their bytes are left out, and nobody would see that there were some.</summary>
    private void RefuseMedia(IReadOnlyList<Field> fields)
    {
        if (fields.FirstOrDefault(field => LostFields.Media.Contains(field.Name) && ParquetColumn.HasOthers(field)) is { } lost)
        {
            throw new UserInputException(
                $"{FilePath}: the column \"{lost.Name}\" ({ParquetColumn.Describe(lost)}) is not supported, and the rows would be read without it. Write the file without this column, if the texts stand by themselves.");
        }
    }

    /// <summary>The library trusts a file's numbers: what a damaged one leads to can be any exception.</summary>
    private T Reading<T>(string place, Func<T> read)
    {
        try
        {
            return read();
        }
        catch (Exception e)
        {
            throw Damaged(place, e.Message.ReplaceLineEndings(" ").TrimEnd('.'), e);
        }
    }

    private UserInputException Damaged(string place, string what, Exception inner) => new(
        $"{FilePath}: the Parquet file cannot be read {place}: {what}. It is damaged or cut short (copy it again), or written in a way that is not supported, such as with data pages of version 2 (write it anew).",
        inner);

    /// <summary>A file whose end is an error to read on at: the library takes it for bytes that go on for ever.</summary>
    private sealed class WholeFile(FileStream source) : FileStream(source.SafeFileHandle, FileAccess.Read, 1 << 14)
    {
        public override int ReadByte() =>
            base.ReadByte() is >= 0 and var next ? next : throw new EndOfStreamException("it ends within a page");
    }
}
