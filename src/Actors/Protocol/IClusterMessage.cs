namespace IterativeDpo.Actors.Protocol;

/// <summary>
/// Marks what crosses nodes or goes into the journal. All of it is written by one serializer, <see cref="WireFormat"/>;
/// a test finds every such type by reflection.
/// </summary>
public interface IClusterMessage;
