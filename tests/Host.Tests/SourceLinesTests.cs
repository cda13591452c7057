using System.Runtime.CompilerServices;

namespace IterativeDpo.Host.Tests;

public sealed class SourceLinesTests
{
    private const int Longest = 140;

    /// <summary>A text is not broken for it: what a program says can then be found by searching for it.</summary>
    [Theory]
    [InlineData("src")]
    [InlineData("tests")]
    [InlineData("eng")]
    public void Lines_areShortUnlessATextIsInThem(string directory)
    {
        var files = Directory
            .EnumerateFiles(Path.Combine(Root(), directory), "*.cs", SearchOption.AllDirectories)
            .Where(file => !file.Split(Path.DirectorySeparatorChar).Any(part => part is "bin" or "obj"))
            .ToArray();

        Assert.NotEmpty(files);
        Assert.Empty(files.SelectMany(LongLines));
    }

    private static IEnumerable<string> LongLines(string file)
    {
        var isText = false;
        foreach (var (index, line) in File.ReadLines(file).Index())
        {
            var opens = line.Split("\"\"\"").Length % 2 == 0;
            if (line.Length > Longest && !isText && !opens && !line.Contains('"', StringComparison.Ordinal))
            {
                yield return $"{file}:{index + 1}";
            }
            isText ^= opens;
        }
    }

    private static string Root([CallerFilePath] string path = "") => Path.GetFullPath("../..", Path.GetDirectoryName(path)!);
}
