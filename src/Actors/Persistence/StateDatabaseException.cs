namespace IterativeDpo.Actors.Persistence;

/// <summary>The campaign's database could not be read or written. The message names the file and the way out.</summary>
public sealed class StateDatabaseException(string message) : Exception(message);
