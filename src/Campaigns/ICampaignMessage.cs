namespace IterativeDpo.Campaigns;

/// <summary>
/// Marks what goes into the journal or from node to node. One serializer writes all of it; a test finds every such type by reflection.
/// </summary>
public interface ICampaignMessage;
