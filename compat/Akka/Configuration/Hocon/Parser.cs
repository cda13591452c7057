#nullable disable // As in the package: callers see no annotations.
namespace Akka.Configuration.Hocon;

/// <summary>
/// Reads HOCON as Akka.NET 1.5 does: objects, dotted and quoted keys, concatenation, arrays, includes and substitutions
/// of keys in the same text. There are no optional substitutions, no environment and no <c>+=</c>.
/// </summary>
public class Parser
{
    private readonly List<HoconSubstitution> _substitutions = [];
    private readonly HoconReader _reader;
    private readonly Func<string, HoconRoot> _include;

    private Parser(string text, Func<string, HoconRoot> include) => (_reader, _include) = (new HoconReader(text), include);

    /// <param name="includeCallback">Gives the tree of a file named by <c>include</c>.</param>
    /// <exception cref="FormatException">The text is no HOCON, or a substitution has no target.</exception>
    public static HoconRoot Parse(string text, Func<string, HoconRoot> includeCallback)
    {
        var parser = new Parser(text, includeCallback);
        var root = new HoconValue();
        parser._reader.SkipSpaceAndComments();
        parser._reader.TryTake('{');
        parser.ReadObject(root);
        parser.Resolve(root);
        return new HoconRoot(root);
    }

    private void Resolve(HoconValue root)
    {
        var config = new Config(new HoconRoot(root));
        foreach (var substitution in _substitutions)
        {
            substitution.Target = config.GetValue(substitution.Path)
                ?? throw new FormatException($"Unresolved substitution: {substitution.Path}");
        }
    }

    private void ReadObject(HoconValue owner)
    {
        BecomeObject(owner);
        while (true)
        {
            _reader.SkipSpaceAndComments();
            if (_reader.AtEnd || _reader.TryTake('}'))
            {
                return;
            }
            if (_reader.TryTakeInclude(out var file))
            {
                owner.GetObject().Merge(_include(file).Value.GetObject());
            }
            else
            {
                ReadMember(owner);
            }
        }
    }

    private void ReadMember(HoconValue owner)
    {
        var value = owner.GetObject().GetOrCreateKey(_reader.TakeKey());
        _reader.SkipSpaceAndComments();
        if (_reader.TryTake('.'))
        {
            BecomeObject(value);
            _reader.SkipSpaceAndComments();
            ReadMember(value);
        }
        else if (_reader.TryTake('{'))
        {
            ReadObject(value);
        }
        else if (_reader.TryTake('=') || _reader.TryTake(':'))
        {
            if (!value.IsObject())
            {
                value.Clear();
            }
            ReadValue(value);
        }
        else
        {
            throw _reader.Unexpected();
        }
    }

    private void ReadValue(HoconValue owner)
    {
        _reader.SkipSpaceAndComments();
        while (true)
        {
            if (_reader.TryTake('{'))
            {
                ReadObject(owner);
            }
            else if (_reader.TryTake('['))
            {
                owner.AppendValue(ReadArray());
            }
            else if (_reader.TryTakeSubstitution(out var path))
            {
                var substitution = new HoconSubstitution(path);
                _substitutions.Add(substitution);
                owner.AppendValue(substitution);
            }
            else if (_reader.TryTakeText(out var text))
            {
                if (owner.IsObject())
                {
                    owner.Clear();
                }
                owner.AppendValue(new HoconLiteral(text));
            }
            else
            {
                break;
            }
            if (_reader.TakeBlanks() is { Length: > 0 } blanks)
            {
                owner.AppendValue(new HoconLiteral(blanks));
            }
        }
        _reader.TryTake(',');
    }

    private HoconArray ReadArray()
    {
        var items = new List<HoconValue>();
        _reader.SkipSpaceAndComments();
        while (!_reader.AtEnd && !_reader.TryTake(']'))
        {
            var item = new HoconValue();
            ReadValue(item);
            items.Add(item);
            _reader.SkipSpaceAndComments();
        }
        return new HoconArray(items);
    }

    private static void BecomeObject(HoconValue value)
    {
        if (!value.IsObject())
        {
            value.Clear();
            value.AppendValue(new HoconObject());
        }
    }
}
