namespace Rqml;

/// <summary>A dataset could not be loaded: the host does not start.</summary>
public sealed class DatasetFailedException(string dataset, Exception innerException)
    : RqmlException($"The dataset '{dataset}' could not be loaded: {innerException?.Message}", innerException)
{
    /// <summary>Its name.</summary>
    public string Dataset { get; } = dataset;
}

/// <summary>A model asked for data that its host does not have.</summary>
public sealed class UnknownDatasetException(string dataset, Type asked, Type? found)
    : RqmlException(found is null ? $"There is no dataset '{dataset}'; AddDataset adds it." : $"The dataset '{dataset}' is a {found}, not a {asked}.")
{
    /// <summary>Its name.</summary>
    public string Dataset { get; } = dataset;

    /// <summary>The type that was asked for.</summary>
    public Type? Asked { get; } = asked;

    /// <summary>The type that it has; null where there is no such dataset.</summary>
    public Type? Found { get; } = found;
}
