using System.Diagnostics;
using IterativeDpo.Generation.Llama;
using IterativeDpo.Training.Data;
using Parquet;
using Parquet.Serialization;

namespace IterativeDpo.Training.Tests.Data;

/// <summary>A byte-level model's tokenizer, as llama.cpp has it, and a directory for data files; made once for a test class.</summary>
public sealed class DataFiles : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("data-test-").FullName;
    private int _files;

    public DataFiles()
    {
        TinyModel.Write(this["tiny.gguf"], TinyModel.Config());
        Tokenizer = LlamaTextTokenizer.Load(this["tiny.gguf"]);
    }

    public LlamaTextTokenizer Tokenizer { get; }

    public string this[string name] => Path.Combine(_directory, name);

    /// <summary>A new file with these lines.</summary>
    public string Write(params IEnumerable<string> lines)
    {
        var path = this[$"data-{_files++}.jsonl"];
        File.WriteAllLines(path, lines);
        return path;
    }

    /// <summary>A new Parquet file with these rows, in row groups of three.</summary>
    public async Task<string> WriteParquetAsync<T>(IEnumerable<T> rows)
    {
        var path = this[$"data-{_files++}.parquet"];
        await ParquetSerializer.SerializeAsync(rows, path, new ParquetOptions { RowGroupSize = 3 });
        return path;
    }

    /// <summary>A new pipe, into which somebody writes this line.</summary>
    public async Task<string> PipeAsync(string line)
    {
        var path = this[$"pipe-{_files++}"];
        await Process.Start("mkfifo", path).WaitForExitAsync();
        // Opening it for writing waits for a reader.
        _ = Task.Factory.StartNew(() => File.WriteAllText(path, line), TaskCreationOptions.LongRunning);
        return path;
    }

    public TrainingData Open(string path, DataOptions? options = null, string? cache = null) =>
        TrainingData.Open([path], Tokenizer, options ?? new DataOptions(64), cache ?? this[$"cache-{_files++}"]);

    public void Dispose()
    {
        Tokenizer.Dispose();
        Directory.Delete(_directory, recursive: true);
    }
}
