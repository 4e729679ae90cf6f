using Rqml.AspNetCore.Tests.Processes;
using Rqml.AspNetCore.Tests.Stories;
using Rqml.AspNetCore.Tests.Traces;

// The test runner loads the assembly; who starts it as a program wants one of the processes of a test.
return args switch
{
    ["trace", var role, var address, var folder] => await TracedProcess.RunAsync(role, address, folder),
    ["story", var name, var address, var folder] => await StoryWorker.RunAsync(name, address, folder),
    ["web", var url, var folder, var mode] => await LoadedHost.RunAsync(url, folder, mode),
    _ => 2,
};
