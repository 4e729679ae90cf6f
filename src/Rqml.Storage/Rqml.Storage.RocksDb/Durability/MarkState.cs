namespace Rqml.Storage.RocksDb.Durability;

/// <summary>The life of a store, as its high-water mark tells it.</summary>
internal enum MarkState
{
    /// <summary>Being created: nothing has been acknowledged, and what is there may be thrown away.</summary>
    Creating = 0,

    /// <summary>Open, or not closed properly.</summary>
    Open = 1,

    /// <summary>Closed cleanly.</summary>
    Closed = 2,
}
