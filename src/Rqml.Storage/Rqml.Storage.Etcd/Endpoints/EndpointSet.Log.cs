using Microsoft.Extensions.Logging;
using Rqml.Cluster;

namespace Rqml.Storage.Etcd.Endpoints;

internal sealed partial class EndpointSet
{
    // Event ids 4200 to 4209.
    private static partial class Log
    {
        [LoggerMessage(4201, LogLevel.Warning, "etcd at {Endpoint} fails: {Cause}")]
        public static partial void Failing(ILogger logger, string endpoint, string cause);

        [LoggerMessage(4202, LogLevel.Information, "etcd at {Endpoint} answers again")]
        public static partial void AnswersAgain(ILogger logger, string endpoint);

        [LoggerMessage(4203, LogLevel.Error, "etcd at {Endpoint} refuses what it is asked for, {Refusal}: {Cause}")]
        public static partial void Refusing(ILogger logger, string endpoint, CoordinationRefusal refusal, string cause);
    }
}
