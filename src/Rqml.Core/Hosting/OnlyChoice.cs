namespace Rqml.Hosting;

/// <summary>The only one of its kind: a second choice throws and names both.</summary>
/// <param name="kind">What an error calls the kind, such as "a node has one store".</param>
internal sealed class OnlyChoice<T>(string kind) where T : class
{
    private string? _name;

    public Func<IServiceProvider, T>? Open { get; private set; }

    public void Choose(string name, Func<IServiceProvider, T> open)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(name);
        ArgumentNullException.ThrowIfNull(open);
        if (_name is not null) throw new InvalidOperationException($"{kind}: '{_name}' was chosen before '{name}'.");
        (_name, Open) = (name, open);
    }
}
