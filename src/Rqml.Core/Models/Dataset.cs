namespace Rqml.Models;

/// <summary>Data that a host loads once, at its start, for its models.</summary>
internal sealed class Dataset
{
    public const int MaxNameLength = 128;

    private readonly Func<IServiceProvider, CancellationToken, ValueTask<object>> _load;

    private Dataset(string name, Func<IServiceProvider, CancellationToken, ValueTask<object>> load) => (Name, _load) = (name, load);

    public string Name { get; }

    public static Dataset Of<TDataset>(string name, Func<IServiceProvider, CancellationToken, ValueTask<TDataset>> load)
        where TDataset : notnull => new(name, async (services, cancellationToken) => await load(services, cancellationToken));

    public ValueTask<object> LoadAsync(IServiceProvider services, CancellationToken cancellationToken) => _load(services, cancellationToken);
}
