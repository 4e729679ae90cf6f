namespace Rqml.Storage.RocksDb;

/// <summary>What a store had lost when it was opened with <see cref="RocksDbOptions.AcceptRegression"/>.</summary>
/// <param name="Acknowledged">Number of the last commit that it had acknowledged.</param>
/// <param name="Found">Number of the last commit that it holds; those in between are lost.</param>
public readonly record struct StoreRegression(long Acknowledged, long Found);
