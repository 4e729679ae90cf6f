namespace Rqml.Testing.Simulation.Links;

/// <summary>One rule of the link protocol broken on purpose, to show that the judge notices.</summary>
internal enum LinkMutant
{
    None,

    /// <summary>A frame that came before is delivered again.</summary>
    DedupSkipped,

    /// <summary>A frame that does not follow the last one is delivered all the same.</summary>
    GapIgnored,

    /// <summary>What has come is never acknowledged.</summary>
    AckLost,

    /// <summary>Frames are acknowledged that have not come.</summary>
    AckTooEarly,

    /// <summary>What was sent before is sent again in another order.</summary>
    ReplayReordered,

    /// <summary>A new link goes on behind the last frame that was sent, not behind the last that has come.</summary>
    ReplaySkipped,

    /// <summary>What has been used up is not granted again.</summary>
    CreditForgotten,

    /// <summary>More is sent than was granted.</summary>
    CreditIgnored,

    /// <summary>What may not have arrived is forgotten when the peer is given up, not handed back.</summary>
    HandBackForgotten,
}
