using Rqml.AspNetCore.Tests.Traces;

// The test runner loads the assembly; who starts it as a program wants one of the processes of a test.
return args switch
{
    ["trace", var role, var address, var folder] => await TracedProcess.RunAsync(role, address, folder),
    _ => 2,
};
