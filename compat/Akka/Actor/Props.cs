using System.Linq.Expressions;

namespace Akka.Actor;

/// <summary>The recipe of an actor: its type and constructor arguments, fixed when the props are made.</summary>
public class Props
{
    private readonly Type _type;
    private readonly object[] _arguments;

    private Props(Type type, object[] arguments)
    {
        _type = type;
        _arguments = arguments ?? [];
    }

    internal Type Type => _type;

    /// <summary>Takes a constructor call apart: its arguments are evaluated now, once, and used for every start.</summary>
    public static Props Create<TActor>(Expression<Func<TActor>> factory)
        where TActor : ActorBase
    {
        if (factory.Body is not NewExpression construction) throw new ArgumentException("The create function must be a 'new T (args)' expression");
        return new Props(typeof(TActor), [.. construction.Arguments.Select(Evaluate)]);
    }

    public static Props Create<TActor>(params object[] args)
        where TActor : ActorBase => new(typeof(TActor), args);

    public static Props Create(Type type, params object[] args)
    {
        ArgumentNullException.ThrowIfNull(type);
        if (!typeof(ActorBase).IsAssignableFrom(type)) throw new ArgumentException($"Unknown actor producer [{type.FullName}]", nameof(type));
        return new Props(type, args);
    }

    /// <summary>Whether the actor handles a message on the thread that sends it, before Tell returns; else on the thread pool.</summary>
    internal bool RunsOnCallingThread { get; private init; }

    /// <summary>For actors that only take note of messages and wait for nothing.</summary>
    internal Props OnCallingThread() => new(_type, _arguments) { RunsOnCallingThread = true };

    internal ActorBase NewActor()
    {
        try
        {
            return (ActorBase)Activator.CreateInstance(_type, _arguments);
        }
        catch (Exception cause)
        {
            throw new TypeLoadException($"Error while creating actor instance of type {_type} with {_arguments.Length} args: ({string.Join(",", _arguments)})", cause);
        }
    }

    private static object Evaluate(Expression argument) =>
        Expression.Lambda<Func<object>>(Expression.Convert(argument, typeof(object))).Compile(preferInterpretation: true)();
}
