using Microsoft.Extensions.Logging;

namespace Rqml.Storage.Etcd.Watches;

internal sealed partial class PrefixWatch
{
    // Event ids 4220 to 4229.
    private static partial class Log
    {
        [LoggerMessage(4221, LogLevel.Information, "A watch of {Store} was interrupted and begins anew: {Cause}")]
        public static partial void Interrupted(ILogger logger, string store, string cause);

        [LoggerMessage(4222, LogLevel.Information, "A watch of {Store} fell behind its compaction at revision {Revision} and begins anew")]
        public static partial void Compacted(ILogger logger, string store, long revision);
    }
}
