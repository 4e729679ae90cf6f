using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Rqml;
using Rqml.Storage.RocksDb;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Keeps a node's state in RocksDB.</summary>
public static class RqmlRocksDbBuilderExtensions
{
    /// <summary>Keeps the host's node in a RocksDB store in that folder, durable at the level Local: what was acknowledged survives kill -9 and power cuts.</summary>
    /// <exception cref="InvalidOperationException">A store was chosen before.</exception>
    public static IRqmlBuilder UseRocksDb(this IRqmlBuilder rqml, string path, Action<RocksDbOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(rqml);
        return rqml.UseStore($"RocksDB in '{path}'", services => Open(services, path, configure));
    }

    /// <summary>Keeps an added node in a RocksDB store in that folder.</summary>
    /// <exception cref="InvalidOperationException">A store was chosen before.</exception>
    public static IRqmlNodeBuilder UseRocksDb(this IRqmlNodeBuilder node, string path, Action<RocksDbOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(node);
        return node.UseStore($"RocksDB in '{path}'", services => Open(services, path, configure));
    }

    private static RocksDbStore Open(IServiceProvider services, string path, Action<RocksDbOptions>? configure)
    {
        var options = new RocksDbOptions { Path = path };
        configure?.Invoke(options);
        var validated = new RocksDbOptionsValidator().Validate(null, options);
        if (validated.Failed) throw new OptionsValidationException(nameof(RocksDbOptions), typeof(RocksDbOptions), validated.Failures);
        return new RocksDbStore(options, services.GetService<ILogger<RocksDbStore>>());
    }
}
