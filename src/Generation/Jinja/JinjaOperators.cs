using System.Globalization;

namespace IterativeDpo.Generation.Jinja;

/// <summary>What Python's operators make of values.</summary>
internal static class JinjaOperators
{
    public static bool IsTrue(object? value) => value switch
    {
        null or JinjaUndefined => false,
        bool isTrue => isTrue,
        long number => number != 0,
        double number => number != 0,
        JinjaText text => text.Value.Length > 0,
        JinjaList list => list.Items.Count > 0,
        JinjaDict dict => dict.Count > 0,
        _ => true,
    };

    /// <summary>Python's name for a value's type, in errors.</summary>
    public static string TypeOf(object? value) => value switch
    {
        null => "NoneType",
        bool => "bool",
        long => "int",
        double => "float",
        JinjaText => "str",
        JinjaList { IsTuple: true } => "tuple",
        JinjaList => "list",
        JinjaDict => "dict",
        JinjaUndefined => "Undefined",
        JinjaNamespace => "Namespace",
        JinjaLoop => "LoopContext",
        _ => "function",
    };

    public static bool AreEqual(JinjaRun run, object? a, object? b)
    {
        run.Step();
        return (a, b) switch
        {
            (null, null) or (JinjaUndefined, JinjaUndefined) => true,
            (JinjaText x, JinjaText y) => x.Value == y.Value,
            (JinjaList x, JinjaList y) => x.IsTuple == y.IsTuple && x.Items.Count == y.Items.Count
                && x.Items.Zip(y.Items).All(pair => AreEqual(run, pair.First, pair.Second)),
            (JinjaDict x, JinjaDict y) => x.Count == y.Count
                && x.Items.All(item => y.TryGet(item.Key, out var other) && AreEqual(run, item.Value, other)),
            _ when IsNumber(a) && IsNumber(b) => a is double || b is double ? ToDouble(a) == ToDouble(b) : ToLong(a) == ToLong(b),
            _ => ReferenceEquals(a, b),
        };
    }

    /// <exception cref="JinjaException">Python has no order for these.</exception>
    public static int Compare(JinjaRun run, object? a, object? b, string sign = "<")
    {
        run.Step();
        switch (a, b)
        {
            case (JinjaText x, JinjaText y):
                return x.CompareTo(y);
            case (JinjaList x, JinjaList y) when x.IsTuple == y.IsTuple:
                var differing = x.Items.Zip(y.Items).FirstOrDefault(pair => !AreEqual(run, pair.First, pair.Second), (null, null));
                return differing is (null, null)
                    ? x.Items.Count.CompareTo(y.Items.Count)
                    : Compare(run, differing.First, differing.Second, sign);
            default:
                RefuseUndefined(run, a);
                RefuseUndefined(run, b);
                return !IsNumber(a) || !IsNumber(b)
                    ? throw run.Error($"'{sign}' not supported between instances of '{TypeOf(a)}' and '{TypeOf(b)}'")
                    : a is double || b is double ? ToDouble(a).CompareTo(ToDouble(b)) : ToLong(a).CompareTo(ToLong(b));
        }
    }

    public static bool Contains(JinjaRun run, object? within, object? value) => within switch
    {
        JinjaText text => value is JinjaText part
            ? text.Value.Contains(part.Value, StringComparison.Ordinal)
            : throw run.Error($"'in <string>' requires string as left operand, not {TypeOf(value)}"),
        JinjaDict dict => dict.TryGet(value, out _),
        JinjaUndefined => false,
        _ => JinjaItems.Of(run, within).Any(item => AreEqual(run, item, value)),
    };

    public static object? Calculate(JinjaRun run, string sign, object? a, object? b)
    {
        RefuseUndefined(run, a);
        RefuseUndefined(run, b);
        return (sign, a, b) switch
        {
            ("+", JinjaText x, JinjaText y) => Join(run, x, y),
            ("+", JinjaList x, JinjaList y) when x.IsTuple == y.IsTuple => new JinjaList(
                JinjaItems.Take(run, x.Items.Concat(y.Items)),
                x.IsTuple),
            ("*", JinjaText text, long or bool) => Repeat(run, text, ToLong(b)),
            ("*", long or bool, JinjaText text) => Repeat(run, text, ToLong(a)),
            ("*", JinjaList list, long or bool) => Repeat(run, list, ToLong(b)),
            ("*", long or bool, JinjaList list) => Repeat(run, list, ToLong(a)),
            ("%", JinjaText format, _) => JinjaFormat.Percent(run, format, b is JinjaList { IsTuple: true } list ? list.Items : [b]),
            _ when IsNumber(a) && IsNumber(b) => Number(run, sign, a, b),
            _ => throw run.Error($"unsupported operand type(s) for {sign}: '{TypeOf(a)}' and '{TypeOf(b)}'"),
        };
    }

    public static object Negate(JinjaRun run, object? value)
    {
        RefuseUndefined(run, value);
        return value is double number ? (object)-number
            : IsNumber(value) ? ToLong(value) == long.MinValue ? throw TooLarge(run) : -ToLong(value)
            : throw run.Error($"bad operand type for unary -: '{TypeOf(value)}'");
    }

    public static bool IsNumber(object? value) => value is long or double or bool;

    public static long ToLong(object? value) => value is bool isTrue ? isTrue ? 1 : 0 : (long)value!;

    public static double ToDouble(object? value) => value is double number ? number : ToLong(value);

    public static void RefuseUndefined(JinjaRun run, object? value)
    {
        if (value is JinjaUndefined missing)
        {
            throw run.Error(missing.Problem);
        }
    }

    public static JinjaText Join(JinjaRun run, JinjaText a, JinjaText b)
    {
        run.Take(a.Value.Length + (long)b.Value.Length);
        return new(a.Value + b.Value, a.Sources is null && b.Sources is null ? null
            : (a.Sources ?? new string('\0', a.Value.Length)) + (b.Sources ?? new string('\0', b.Value.Length)));
    }

    private static JinjaText Repeat(JinjaRun run, JinjaText text, long times)
    {
        run.Take(Math.Clamp(times, 0, int.MaxValue) * text.Value.Length);
        var written = new JinjaWriter(run);
        for (var i = 0L; i < times && text.Value.Length > 0; i++)
        {
            run.Step();
            written.Add(text);
        }
        return written.ToText();
    }

    private static JinjaList Repeat(JinjaRun run, JinjaList list, long times)
    {
        run.Step((int)Math.Min(Math.Clamp(times, 0, int.MaxValue) * list.Items.Count, int.MaxValue));
        var items = new List<object?>();
        for (var i = 0L; i < times && list.Items.Count > 0; i++)
        {
            items.AddRange(list.Items);
        }
        return new(items, list.IsTuple);
    }

    private static object Number(JinjaRun run, string sign, object? a, object? b)
    {
        if (sign is "/" or "//" or "%" && ToDouble(b) == 0)
        {
            throw run.Error("division by zero");
        }
        try
        {
            return (sign, a is double || b is double) switch
            {
                ("/", _) => (object)(ToDouble(a) / ToDouble(b)),
                ("+", true) => ToDouble(a) + ToDouble(b),
                ("-", true) => ToDouble(a) - ToDouble(b),
                ("*", true) => ToDouble(a) * ToDouble(b),
                ("//", true) => Math.Floor(ToDouble(a) / ToDouble(b)),
                ("%", true) => ToDouble(a) - (ToDouble(b) * Math.Floor(ToDouble(a) / ToDouble(b))),
                ("**", true) => Math.Pow(ToDouble(a), ToDouble(b)),
                ("+", _) => checked(ToLong(a) + ToLong(b)),
                ("-", _) => checked(ToLong(a) - ToLong(b)),
                ("*", _) => checked(ToLong(a) * ToLong(b)),
                ("//", _) => FloorDivide(ToLong(a), ToLong(b)),
                ("%", _) => checked(ToLong(a) - (ToLong(b) * FloorDivide(ToLong(a), ToLong(b)))),
                _ => Power(run, ToLong(a), ToLong(b)),
            };
        }
        catch (OverflowException)
        {
            throw TooLarge(run);
        }
    }

    private static long FloorDivide(long a, long b)
    {
        var quotient = checked(a / b);
        return a % b != 0 && (a < 0) != (b < 0) ? quotient - 1 : quotient;
    }

    private static object Power(JinjaRun run, long number, long exponent)
    {
        if (exponent < 0)
        {
            return number == 0 ? throw run.Error("0.0 cannot be raised to a negative power") : Math.Pow(number, exponent);
        }
        if (number is 0 or 1 or -1)
        {
            return exponent == 0 ? 1L : number == -1 && exponent % 2 == 0 ? 1L : number;
        }
        var power = 1L;
        for (var i = 0L; i < exponent; i++)
        {
            power = checked(power * number);
        }
        return power;
    }

    private static JinjaException TooLarge(JinjaRun run) =>
        run.Error(string.Create(CultureInfo.InvariantCulture, $"a whole number is beyond {long.MaxValue}, the largest that is known here"));
}
