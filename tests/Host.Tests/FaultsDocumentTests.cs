using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;

namespace IterativeDpo.Host.Tests;

public sealed partial class FaultsDocumentTests
{
    [Fact]
    public void Document_namesTestsThatThereAre()
    {
        var tests = Path.GetDirectoryName(Path.GetDirectoryName(ThisFile()))!;
        var names = TestClass()
            .Matches(File.ReadAllText(Path.Combine(tests, "../docs/faults.md")))
            .Select(match => match.Value)
            .ToHashSet();

        Assert.NotEmpty(names);
        Assert.Empty(
            names.Except(Directory.EnumerateFiles(tests, "*Tests.cs", SearchOption.AllDirectories).Select(Path.GetFileNameWithoutExtension))
        );
    }

    private static string ThisFile([CallerFilePath] string path = "") => path;

    [GeneratedRegex("[A-Z][A-Za-z0-9]*Tests")]
    private static partial Regex TestClass();
}
