namespace Rqml.Storage.Etcd.Calls;

/// <summary>Whether a call may be made again when nobody knows if it was carried out.</summary>
internal enum Repeat
{
    /// <summary>Never: what it does must not be done twice. It is made again only where nothing was sent.</summary>
    Never,

    /// <summary>At another endpoint: done twice it does the same.</summary>
    Harmless,
}
