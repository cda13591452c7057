namespace IterativeDpo.Artifacts;

/// <summary>
/// What the user gave cannot be used: the message names the file (or the key) and what to do about it.
/// The host prints the message alone and exits with 2; nothing has been changed.
/// </summary>
public class UserInputException : Exception
{
    public UserInputException(string message) : base(message) { }

    public UserInputException(string message, Exception innerException) : base(message, innerException) { }
}
