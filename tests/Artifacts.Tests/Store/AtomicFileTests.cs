using System.Diagnostics;
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
    public void Write_to_a_link_writes_its_target_and_leaves_the_link()
    {
        File.WriteAllText(_directory["target"], "old");
        File.CreateSymbolicLink(_directory["link"], "target");

        AtomicFile.Write(_directory["link"], stream => stream.Write("new"u8));

        Assert.Equal("target", new FileInfo(_directory["link"]).LinkTarget);
        Assert.Equal("new", File.ReadAllText(_directory["target"]));
    }

    [Fact]
    public void Write_to_links_in_a_circle_says_so()
    {
        File.CreateSymbolicLink(_directory["a"], "b");
        File.CreateSymbolicLink(_directory["b"], "a");

        var error = Assert.Throws<UserInputException>(() => AtomicFile.Write(_directory["a"], _ => { }));

        Assert.StartsWith($"{_directory["a"]}: this is a link to nowhere, or to itself.", error.Message);
    }

    [Fact]
    public async Task Write_to_a_pipe_hands_over_what_is_whole_and_leaves_the_pipe()
    {
        Process.Start("mkfifo", [_directory["pipe"]]).WaitForExit();
        var read = Task.Run(() => File.ReadAllText(_directory["pipe"]));

        AtomicFile.Write(_directory["pipe"], stream =>
        {
            stream.Write("....0123456789"u8);
            stream.Position = 0;
            stream.Write("head"u8);
        });

        Assert.Equal("head0123456789", await read);
        Assert.True(SpecialFile.Is(_directory["pipe"]));
        Assert.Single(Directory.EnumerateFileSystemEntries(_directory.Root));
    }

    [Fact]
    public void SpecialFile_is_no_file_directory_or_nothing()
    {
        File.WriteAllText(_directory["file"], "");
        File.CreateSymbolicLink(_directory["link"], "/dev/null");

        Assert.True(SpecialFile.Is("/dev/null"));
        Assert.True(SpecialFile.Is(_directory["link"]));
        Assert.False(SpecialFile.Is(_directory["file"]));
        Assert.False(SpecialFile.Is(_directory.Root));
        Assert.False(SpecialFile.Is(_directory["nothing"]));
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
