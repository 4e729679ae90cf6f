using System.Diagnostics.CodeAnalysis;

namespace Rqml.Models;

/// <summary>The datasets of a host: loaded before its nodes begin, read by their models without a lock.</summary>
internal sealed class Datasets(IEnumerable<Dataset> sources)
{
    private volatile Dictionary<string, object> _loaded = [];

    public static Datasets None { get; } = new([]);

    /// <exception cref="DatasetFailedException">One could not be loaded.</exception>
    [SuppressMessage("Design", "CA1031", Justification = "Loading is a user's code: whatever it throws is told with the name of the dataset.")]
    public async Task LoadAsync(IServiceProvider services, CancellationToken cancellationToken)
    {
        var loaded = new Dictionary<string, object>(StringComparer.Ordinal);
        foreach (var source in sources)
        {
            try
            {
                loaded.Add(source.Name, await source.LoadAsync(services, cancellationToken) ?? throw new InvalidOperationException("It loaded as null."));
            }
            catch (Exception error) when (!cancellationToken.IsCancellationRequested)
            {
                throw new DatasetFailedException(source.Name, error);
            }
        }

        _loaded = loaded;
    }

    /// <exception cref="UnknownDatasetException">There is none of that name and type.</exception>
    public TDataset Get<TDataset>(string name)
        where TDataset : notnull
    {
        ArgumentNullException.ThrowIfNull(name);
        if (!_loaded.TryGetValue(name, out var data)) throw new UnknownDatasetException(name, typeof(TDataset), null);
        return data is TDataset typed ? typed : throw new UnknownDatasetException(name, typeof(TDataset), data.GetType());
    }
}
