namespace Rqml.Models;

/// <summary>Data that a host loads once, at its start, for its models.</summary>
internal sealed class Dataset
{
    public const int MaxNameLength = 128;

    private readonly Func<IServiceProvider, CancellationToken, ValueTask<object>> _load;

    private Dataset(string name, Type type, Func<IServiceProvider, CancellationToken, ValueTask<object>> load) => (Name, Type, _load) = (name, type, load);

    public string Name { get; }

    /// <summary>As it was added; what is loaded may be more special.</summary>
    public Type Type { get; }

    public static Dataset Of<TDataset>(string name, Func<IServiceProvider, CancellationToken, ValueTask<TDataset>> load)
        where TDataset : notnull => new(name, typeof(TDataset), async (services, cancellationToken) => await load(services, cancellationToken));

    public ValueTask<object> LoadAsync(IServiceProvider services, CancellationToken cancellationToken) => _load(services, cancellationToken);
}
