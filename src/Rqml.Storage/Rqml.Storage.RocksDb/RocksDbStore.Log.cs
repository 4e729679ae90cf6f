using Microsoft.Extensions.Logging;

namespace Rqml.Storage.RocksDb;

public sealed partial class RocksDbStore
{
    // Event ids 4100 to 4199.
    private static partial class Log
    {
        [LoggerMessage(4101, LogLevel.Information, "Opened store {Store} at commit {Commit} in {ElapsedMs:f0} ms; last closed cleanly: {WasClosed}")]
        public static partial void Opened(ILogger logger, string store, long commit, double elapsedMs, bool wasClosed);

        [LoggerMessage(4102, LogLevel.Warning, "Store {Store} has lost commits {First} to {Acknowledged}, and was told to accept it")]
        public static partial void RegressionAccepted(ILogger logger, string store, long first, long acknowledged);

        [LoggerMessage(4103, LogLevel.Error, "Store {Store} has stopped and acknowledges nothing more: {Cause}")]
        public static partial void Failed(ILogger logger, string store, string cause, Exception error);

        [LoggerMessage(4104, LogLevel.Error, "Store {Store} could not be closed cleanly; it will be verified when it opens next")]
        public static partial void CloseFailed(ILogger logger, string store, Exception error);

        [LoggerMessage(4105, LogLevel.Warning, "Store {Store} is damaged at {Record}: what is behind it is not read")]
        public static partial void LogEnded(ILogger logger, string store, string record);
    }
}
