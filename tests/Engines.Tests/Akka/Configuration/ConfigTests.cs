using Akka.Configuration;

namespace IterativeDpo.Engines.Tests.Akka.Configuration;

public sealed class ConfigTests
{
    [Fact]
    public void Getters_missing_path_gives_the_default()
    {
        var config = ConfigurationFactory.ParseString("a = 1");

        Assert.Null(config.GetString("b"));
        Assert.Equal("x", config.GetString("b.c", "x"));
        Assert.Equal(7, config.GetInt("b", 7));
        Assert.Equal(7L, config.GetLong("b", 7));
        Assert.True(config.GetBoolean("b", true));
        Assert.Equal(TimeSpan.Zero, config.GetTimeSpan("b"));
        Assert.Empty(config.GetStringList("b"));
        Assert.Null(config.GetConfig("b"));
        Assert.False(config.HasPath("b"));
    }

    [Fact]
    public void Getters_numbers()
    {
        var config = ConfigurationFactory.ParseString("i = -3, l = 9876543210, d = 1.5e-3, f = 0.5");

        Assert.Equal(-3, config.GetInt("i"));
        Assert.Equal(9876543210, config.GetLong("l"));
        Assert.Equal(1.5e-3, config.GetDouble("d"));
        Assert.Equal(0.5f, config.GetFloat("f"));
    }

    [Fact]
    public void GetInt_of_a_text_is_refused()
    {
        Assert.Throws<FormatException>(() => ConfigurationFactory.ParseString("a = x").GetInt("a"));
    }

    [Theory]
    [InlineData("on", true)]
    [InlineData("true", true)]
    [InlineData("off", false)]
    [InlineData("false", false)]
    public void GetBoolean_words(string word, bool expected)
    {
        Assert.Equal(expected, ConfigurationFactory.ParseString($"a = {word}").GetBoolean("a", !expected));
    }

    [Fact]
    public void GetBoolean_of_another_word_is_refused()
    {
        Assert.Throws<NotSupportedException>(() => ConfigurationFactory.ParseString("a = yes").GetBoolean("a"));
    }

    [Theory]
    [InlineData("5s", 5_000)]
    [InlineData("100ms", 100)]
    [InlineData("2 m", 120_000)]
    [InlineData("1.5 hours", 5_400_000)]
    [InlineData("250", 250)]
    public void GetTimeSpan_units(string text, double expectedMilliseconds)
    {
        Assert.Equal(TimeSpan.FromMilliseconds(expectedMilliseconds), ConfigurationFactory.ParseString($"a = {text}").GetTimeSpan("a"));
    }

    [Fact]
    public void GetTimeSpan_infinite()
    {
        Assert.Equal(Timeout.InfiniteTimeSpan, ConfigurationFactory.ParseString("a = infinite").GetTimeSpan("a"));
    }

    [Theory]
    [InlineData("10MiB", 10L * 1024 * 1024)]
    [InlineData("10 MB", 10_000_000L)]
    [InlineData("3k", 3072L)]
    [InlineData("17", 17L)]
    [InlineData("17b", 17L)]
    public void GetByteSize_units(string text, long expected)
    {
        Assert.Equal(expected, ConfigurationFactory.ParseString($"a = {text}").GetByteSize("a", null));
    }

    [Fact]
    public void GetConfig_reads_relative_paths()
    {
        Assert.Equal(1, ConfigurationFactory.ParseString("a.b.c = 1").GetConfig("a.b").GetInt("c"));
    }

    [Fact]
    public void WithFallback_own_values_win_and_objects_merge()
    {
        var config = ConfigurationFactory.ParseString("a { b = 1 }\nlist = [x]")
            .WithFallback(ConfigurationFactory.ParseString("a { b = 2, c = 2 }\nlist = [y, z]\nd = 2"));

        Assert.Equal(1, config.GetInt("a.b"));
        Assert.Equal(2, config.GetInt("a.c"));
        Assert.Equal(2, config.GetInt("d"));
        Assert.Equal(["x"], config.GetStringList("list"));
    }

    [Fact]
    public void WithFallback_leaves_both_sides_as_they_were()
    {
        var own = ConfigurationFactory.ParseString("a.b = 1");
        var fallback = ConfigurationFactory.ParseString("a.c = 2");

        own.WithFallback(fallback);

        Assert.False(own.HasPath("a.c"));
        Assert.False(fallback.HasPath("a.b"));
    }

    [Fact]
    public void WithFallback_of_itself_is_refused()
    {
        var config = ConfigurationFactory.ParseString("a = 1");

        Assert.Throws<ArgumentException>(() => config.WithFallback(config));
    }

    [Fact]
    public void SafeWithFallback_of_null_is_the_fallback()
    {
        var fallback = ConfigurationFactory.ParseString("a = 1");

        Assert.Same(fallback, ((Config)null!).SafeWithFallback(fallback));
    }

    [Fact]
    public void IsEmpty_of_the_empty_configuration()
    {
        Assert.True(ConfigurationFactory.Empty.IsEmpty);
        Assert.True(Config.Empty.IsNullOrEmpty());
        Assert.False(ConfigurationFactory.ParseString("a = 1").IsEmpty);
    }

    [Fact]
    public void Root_can_be_walked_key_by_key()
    {
        var items = ConfigurationFactory.ParseString("a { b = 1 }\nc = [1, 2]").Root.GetObject().Items;

        Assert.Equal(["a", "c"], items.Keys.Order());
        Assert.True(items["a"].IsObject());
        Assert.Equal("1", items["a"].GetObject().Items["b"].GetString());
        Assert.Equal(["1", "2"], items["c"].GetArray().Select(v => v.GetString()));
    }

    [Fact]
    public void Default_names_the_log_level()
    {
        Assert.Equal("INFO", ConfigurationFactory.Default().GetString("akka.loglevel"));
    }
}
