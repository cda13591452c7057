using IterativeDpo.Artifacts.Store;

namespace IterativeDpo.Artifacts.Tests.Store;

public sealed class AtomicFileTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void Write_names_the_unfinished_file_by_nothing_that_another_process_may_have_in_common()
    {
        var names = Enumerable.Range(0, 2).Select(_ => UnfinishedName()).ToArray();

        Assert.Distinct(names);
        Assert.All(names, name => Assert.Matches(@"^a\.[0-9a-f]{16}\.tmp$", name));
    }

    [Theory]
    [InlineData("a.0123456789abcdef.tmp", true)]
    [InlineData("a.12-3.tmp", true)]
    [InlineData("cat.tmp", false)]
    [InlineData("a.0123456789abcdef", false)]
    public void DeleteAbandoned_deletes_what_has_the_name_of_an_unfinished_file(string name, bool isOne)
    {
        File.WriteAllText(_directory[name], "half");

        AtomicFile.DeleteAbandoned(_directory.Root);

        Assert.Equal((isOne, !isOne), (AtomicFile.IsTemporary(_directory[name]), File.Exists(_directory[name])));
    }

    [Fact]
    public void DeleteAbandoned_leaves_what_is_being_written_also_over_an_older_file()
    {
        File.WriteAllText(_directory["a"], "old");

        AtomicFile.Write(_directory["a"], stream =>
        {
            stream.Write("new"u8);
            AtomicFile.DeleteAbandoned(_directory.Root);
        });

        Assert.Equal("new", File.ReadAllText(_directory["a"]));
    }

    [Fact]
    public void Write_that_fails_leaves_the_old_file_alone()
    {
        File.WriteAllText(_directory["a"], "old");

        Assert.Throws<InvalidDataException>(() => AtomicFile.Write(_directory["a"], _ => throw new InvalidDataException("half way")));

        Assert.Equal("old", File.ReadAllText(Assert.Single(Directory.GetFiles(_directory.Root))));
    }

    private string UnfinishedName()
    {
        var name = "";
        AtomicFile.Write(_directory["a"], _ => name = Path.GetFileName(Directory.GetFiles(_directory.Root, "*.tmp").Single()));
        return name;
    }
}
